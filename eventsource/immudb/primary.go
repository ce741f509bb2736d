package immudb

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"corebank/eventsource/copies"
)

// FindPrimary is the address of the one of several machines that takes the commits of a log, and so has all that was
// acknowledged. It asks as the user of the log, and changes nothing.
func (c Config) FindPrimary(ctx context.Context, addresses []string) (string, error) {
	observed := make([]copies.Machine, len(addresses))
	var asked sync.WaitGroup
	for i, address := range addresses {
		asked.Go(func() { observed[i] = c.seenByUser(ctx, address) })
	}
	asked.Wait()
	plan, err := copies.Decide(observed, copies.Wish{Copies: copies.DefaultCopies(len(addresses))})
	if err == nil && !plan.Keep {
		err = copies.Refusal("no primary answers: " + strings.Join(copies.Describe(observed), "; "))
	}
	if err != nil {
		return "", fmt.Errorf("find the machine that takes the commits: %w", err)
	}
	return plan.Primary, nil
}

// seenByUser is what the user of the log sees of a machine: what it has committed.
func (c Config) seenByUser(ctx context.Context, address string) copies.Machine {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	m := copies.Machine{Address: address}
	err := c.probe(ctx, address)
	if err == nil {
		err = c.describeToUser(ctx, &m)
	}
	if err != nil {
		return copies.Machine{Address: address, Fault: err.Error()}
	}
	return m
}

func (c Config) describeToUser(ctx context.Context, m *copies.Machine) error {
	session, err := c.at(m.Address).login(ctx, c.User, c.Password, c.Database)
	if err != nil {
		return err
	}
	defer discard(session)
	answer, err := session.GetDatabaseSettingsV2(ctx)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	part := answer.Settings.GetReplicationSettings()
	m.Primary, m.Copies = !part.GetReplica().GetValue(), int(part.GetSyncAcks().GetValue())+1
	if host := part.GetPrimaryHost().GetValue(); host != "" {
		m.Follows = net.JoinHostPort(host, strconv.Itoa(int(part.GetPrimaryPort().GetValue())))
	}
	at, err := session.CurrentState(ctx)
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	m.Committed, m.Has = at.TxId, at.TxId
	if err := describeCommitted(ctx, session, m); err != nil {
		return err
	}
	m.Members, m.MembersAt = copies.Members{}, 0 // only the administrator sees which disk a machine has
	return nil
}
