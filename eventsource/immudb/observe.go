package immudb

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	"github.com/codenotary/immudb/pkg/client/state"

	"corebank/eventsource/copies"
)

// observeTimeout bounds what one machine may take to say what it has, or to change its part. One that is lost or frozen
// is noticed sooner, by probeTimeout.
const observeTimeout = 10 * time.Second

// Observe asks all machines what they have, at the same time.
func (c Config) Observe(ctx context.Context) []copies.Machine { return c.observeAll(ctx, false) }

// observeAll asks them for their clocks as well, if one of them may become the primary: that costs each a commit.
func (c Config) observeAll(ctx context.Context, clocks bool) []copies.Machine {
	observed := make([]copies.Machine, len(c.Addresses))
	var asked sync.WaitGroup
	for i, address := range c.Addresses {
		asked.Go(func() { observed[i] = c.observe(ctx, address, clocks) })
	}
	asked.Wait()
	return observed
}

// observe asks one machine. That it does not answer is in the answer.
func (c Config) observe(ctx context.Context, address string, clock bool) copies.Machine {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	m := copies.Machine{Address: address}
	err := c.probe(ctx, address)
	if err == nil {
		err = c.ask(ctx, &m, clock)
	}
	if err != nil {
		return copies.Machine{Address: address, Fault: err.Error()}
	}
	return m
}

func (c Config) ask(ctx context.Context, m *copies.Machine, clock bool) error {
	admin, err := c.asAdmin(ctx, m.Address, "defaultdb")
	if err != nil {
		return err
	}
	defer discard(admin)
	if m.Server, err = state.NewUUIDProvider(admin.GetServiceClient()).CurrentUUID(ctx); err != nil {
		return err
	}
	if clock {
		if m.Clock, err = clockOf(ctx, admin); err != nil {
			return err
		}
	}
	// The same session: each login costs a server a tenth of a second of processor time.
	_, err = admin.UseDatabase(ctx, &schema.Database{DatabaseName: c.Database})
	if err != nil && strings.Contains(err.Error(), "does not exist") {
		m.Empty = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("use the database: %w", err)
	}
	return describe(ctx, admin, m)
}

// keyClock is where the administrator's own database keeps when it was last asked for the time.
const keyClock = "corebank/asked"

// clockOf is how far the clock of a machine is ahead of ours, to a second: immudb tells it only with a commit.
func clockOf(ctx context.Context, admin client.ImmuClient) (time.Duration, error) {
	asked := time.Now()
	header, err := admin.SetAll(ctx, &schema.SetRequest{
		KVs: []*schema.KeyValue{{Key: []byte(keyClock), Value: []byte(asked.UTC().Format(time.RFC3339))}}, NoWait: true})
	if err != nil {
		return 0, fmt.Errorf("ask for the time: %w", err)
	}
	ahead := time.Unix(header.Ts, 0).Sub(asked)
	if ahead > -time.Second && ahead < time.Since(asked)+time.Second { // whole seconds, and the call took a while
		return 0, nil
	}
	return ahead, nil
}

// describe fills in what is known of the database of a session.
func describe(ctx context.Context, log client.ImmuClient, m *copies.Machine) error {
	answer, err := log.GetDatabaseSettingsV2(ctx)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	part := answer.Settings.GetReplicationSettings()
	m.Primary = !part.GetReplica().GetValue()
	m.Copies = int(part.GetSyncAcks().GetValue()) + 1
	if host := part.GetPrimaryHost().GetValue(); host != "" {
		m.Follows = net.JoinHostPort(host, strconv.Itoa(int(part.GetPrimaryPort().GetValue())))
	}
	if by, is := strings.CutPrefix(part.GetPrimaryDatabase().GetValue(), sealed); is {
		m.SealedBy = by
	}
	at, err := log.CurrentState(ctx)
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	m.Committed, m.Has = at.TxId, max(at.TxId, at.PrecommittedTxId)
	if m.Has == 0 {
		return nil
	}
	if err := describeCommitted(ctx, log, m); err != nil {
		return err
	}
	return describeTail(ctx, log, m)
}

func describeCommitted(ctx context.Context, log client.ImmuClient, m *copies.Machine) error {
	if m.Committed == 0 {
		return nil
	}
	entry, err := log.Get(ctx, []byte(keyLog))
	switch {
	case isNotFound(err): // of an earlier build, or only made
	case err != nil:
		return fmt.Errorf("read the id of the log: %w", err)
	default:
		if err := json.Unmarshal(entry.Value, &m.Log); err != nil {
			return fmt.Errorf("the stored id of the log is damaged: %w", err)
		}
	}
	e, tx, err := readEpoch(ctx, log)
	if err != nil {
		return fmt.Errorf("read the epoch: %w", err)
	}
	m.Epoch, m.EpochAt = e.Number, tx
	if m.Log == "" && tx != 0 {
		if m.Log, err = earlierID(ctx, log); err != nil {
			return fmt.Errorf("identify the log: %w", err)
		}
	}
	if tx != 0 {
		then, err := stateAt(ctx, log, tx)
		if err != nil {
			return fmt.Errorf("read the transaction of the epoch: %w", err)
		}
		m.EpochHash = string(then.Hash[:])
	}
	if m.Head, err = readHead(ctx, log); err != nil {
		return err
	}
	m.Members, m.MembersAt, err = storedMembers(ctx, log)
	return err
}

// describeTail adds what is on the disk and not committed.
func describeTail(ctx context.Context, log client.ImmuClient, m *copies.Machine) error {
	for tx := m.Committed + 1; tx <= m.Has; tx++ {
		tail, err := readUncommitted(ctx, log, tx)
		if err != nil {
			return fmt.Errorf("read transaction %d, which is not committed: %w", tx, err)
		}
		if tail.epoch > 0 {
			m.Epoch, m.EpochAt, m.EpochHash = tail.epoch, tx, string(tail.hash[:])
		}
		if tail.log != "" {
			m.Log = tail.log
		}
		if tail.members.Known() {
			m.Members, m.MembersAt = tail.members, tx
		}
		if n := len(tail.records); n > 0 {
			m.Head = tail.records[n-1].Position
		}
	}
	return nil
}
