package immudb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"corebank/eventsource/copies"
)

// Machines are the immudb servers that have copies of one log. One of them is the primary, which takes all commits; the
// others are replicas of it, and are never written to.
type Machines struct {
	config Config
	log    *slog.Logger

	mu      lock     // also held while another machine takes over: nothing is found meanwhile
	primary string   // "" while it is not known
	leave   []func() // cut the sessions with an earlier primary
	// unsettled means that the primary answered and was none any more as the machines were looked after.
	unsettled bool

	states atomic.Pointer[[]CopyState] // nil before the machines were looked at
	// founders are the members of a log that this process has made.
	founders copies.Members
}

// NewMachines are the machines of a configuration with several addresses.
func NewMachines(config Config, log *slog.Logger) *Machines {
	config.owner = rand.Text()
	return &Machines{config: config, log: log, mu: newLock()}
}

// Primary is the address of the machine that takes commits. It asks all machines if that is not known.
func (m *Machines) Primary(ctx context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.primary != "" {
		return m.primary, nil
	}
	primary, err := m.find(ctx)
	if err == nil {
		m.primary = primary
	}
	return primary, err
}

// lost forgets a primary that does not answer, or is none any more.
func (m *Machines) lost(address string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.primary == address {
		m.primary = ""
	}
}

// find asks all machines. If they are all there and new, it makes the log on them.
func (m *Machines) find(ctx context.Context) (string, error) {
	observed := m.config.Observe(ctx)
	if areNew(observed) {
		return m.make(ctx, observed)
	}
	plan, err := copies.Decide(observed, copies.Wish{Copies: m.config.Copies})
	switch {
	case err != nil:
		return "", err
	case !plan.Keep:
		what := "no primary answers"
		if copies.Primaries(observed) > 1 {
			what = "two machines are primaries, and none of them has raised the epoch since"
		}
		return "", copies.Refusal(fmt.Sprintf("%s: %s. \"corebank failover\" makes %s the primary", what,
			strings.Join(copies.Describe(observed), "; "), plan.Primary))
	}
	return plan.Primary, m.admitAll(ctx, plan, observed, false)
}

// areNew reports whether every machine answers and none has a log. If one did not answer, it could be the one that has
// it.
func areNew(observed []copies.Machine) bool {
	return !slices.ContainsFunc(observed, func(m copies.Machine) bool { return m.Fault != "" || m.Log != "" })
}

// make makes a new log: its primary on the first machine.
func (m *Machines) make(ctx context.Context, observed []copies.Machine) (string, error) {
	var addresses []string
	for _, machine := range observed {
		addresses = append(addresses, machine.Address)
	}
	if err := copies.Check(m.config.Copies, addresses); err != nil {
		return "", err
	}
	if err := copies.CheckAlike(observed); err != nil {
		return "", err
	}
	primary := addresses[0]
	for _, address := range addresses {
		if err := m.provision(ctx, address, primary); err != nil {
			return "", err
		}
	}
	m.founders = copies.Founders(observed, m.config.Copies)
	m.log.Info("a new log is made on several machines", "primary", primary, "machines", len(addresses),
		"copies", m.config.Copies)
	return primary, nil
}

// provision makes the database of a machine, if there is none, with its part in the replication, and its users.
func (m *Machines) provision(ctx context.Context, address, primary string) error {
	part := primarySettings(m.config.Copies)
	if address != primary {
		var err error
		if part, err = m.config.replicaSettings(primary); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, tendTimeout)
	defer cancel()
	admin, err := m.config.asAdmin(ctx, address, "defaultdb")
	if err != nil {
		return fmt.Errorf("immudb at %s: %w", address, err)
	}
	defer discard(admin)
	settings := copiedSettings()
	settings.ReplicationSettings = part
	_, err = admin.CreateDatabaseV2(ctx, m.config.Database, settings)
	if err != nil && !strings.Contains(err.Error(), "already exists") {
		return fmt.Errorf("immudb at %s: create database %q: %w", address, m.config.Database, err)
	}
	if err != nil {
		if err := m.config.takePart(ctx, admin, address, part); err != nil {
			return err
		}
	}
	return m.config.provisionUsers(ctx, admin)
}

// admitAll gives every machine that answers its part: the primary waits for the wanted number of copies, and the others
// copy from it. One that follows no one was made to by a failover, which may be under way elsewhere: only sealed, that
// is another failover, lets it follow again.
func (m *Machines) admitAll(ctx context.Context, plan copies.Plan, observed []copies.Machine, sealed bool) error {
	primary := chosen(observed, plan.Primary)
	if err := m.acknowledgeWith(ctx, primary, observed, plan.Loss != ""); err != nil {
		return err
	}
	if len(plan.Held) > 0 {
		m.log.Error("machines get no copy of the log", "machines", plan.Held, "reason", plan.HeldFor)
	}
	var failed []error
	var crowded error
	if len(plan.New) > 0 {
		crowded = m.makeRoom(ctx, primary, observed, plan.Loss != "")
	}
	for _, machine := range observed {
		switch {
		case !slices.Contains(plan.Others, machine.Address) || !machine.Primary && machine.Follows == primary.Address:
			continue
		case crowded != nil && slices.Contains(plan.New, machine.Address):
			m.log.Warn("a new disk gets no copy of the log yet", "machine", machine.Address, "reason", crowded)
			failed = append(failed, crowded)
			continue
		case !machine.Primary && !machine.Empty && machine.Follows == "" && !sealed:
			m.log.Warn("a machine follows no one: \"corebank failover\" is under way, or has to be run again",
				"machine", machine.Address)
			continue
		}
		if err := m.admit(ctx, machine, primary); err != nil {
			m.log.Error("a machine cannot have a copy of the log", "machine", machine.Address, "error", err)
			failed = append(failed, err)
		}
	}
	if len(failed) >= len(observed)-m.config.Copies+1 {
		return errors.Join(failed...)
	}
	return nil
}

// acknowledgeWith has the primary acknowledge with the wanted number of copies. If it is less than before, more members
// have to be seen from then on.
func (m *Machines) acknowledgeWith(
	ctx context.Context, primary copies.Machine, observed []copies.Machine, accepted bool,
) error {
	if primary.Copies == m.config.Copies {
		return nil
	}
	if primary.Members.Known() && m.config.Copies < primary.Copies {
		if err := m.makeRoom(ctx, primary, observed, accepted); err != nil {
			return err
		}
	}
	if err := m.provision(ctx, primary.Address, primary.Address); err != nil {
		return err
	}
	m.log.Info("the log is acknowledged with another number of copies", "primary", primary.Address,
		"copies", m.config.Copies, "earlier", primary.Copies)
	return nil
}

// admit makes a machine a replica of the primary: one that is empty, or that followed another one or was the primary
// itself. What it has and the primary has not, was never acknowledged: immudb discards it, and it is reported.
func (m *Machines) admit(ctx context.Context, machine, primary copies.Machine) error {
	if !machine.Empty {
		tail, err := m.divergence(ctx, machine, primary)
		if err != nil {
			return err
		}
		if tail.transactions > 0 {
			m.log.Warn("a machine returns with what was never acknowledged; it is discarded", "machine", machine.Address,
				"transactions", tail.transactions, "first", tail.first, "records", tail.String())
		}
	}
	give := m.provision
	if machine.SealedBy != "" { // it has its users, and making them again would delay a failover
		give = m.config.follow
	}
	if err := give(ctx, machine.Address, primary.Address); err != nil {
		return err
	}
	m.log.Info("a machine copies the log", "machine", machine.Address, "primary", primary.Address)
	return nil
}
