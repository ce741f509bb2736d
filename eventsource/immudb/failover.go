package immudb

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/copies"
	"corebank/internal/app"
)

// commitsWithin is how long a new primary may take to commit what it has, which the others have to acknowledge.
const commitsWithin = 30 * time.Second

const committedPause = 10 * time.Millisecond

// Failover lets another machine take over each database of a log.
func Failover(
	ctx context.Context, parts []Config, wish copies.Wish, dry bool, log *slog.Logger, say func(string),
) error {
	for _, part := range parts {
		if len(parts) > 1 {
			say("database " + part.Database + ":")
		}
		if err := NewMachines(part, log).Failover(ctx, wish, dry, say); err != nil {
			return err
		}
	}
	return nil
}

// Parts are the configurations of a log's databases: one or, of several partitions, theirs and that of their order.
// password gives the password of each, by what comes after the name of its file.
func (c Config) Parts(partitions int, password func(suffix string) (string, error)) (parts []Config, err error) {
	if partitions == 1 {
		partitions = 0
	}
	for number := range partitions + 1 {
		part, suffix := c, ""
		part.Database, part.User = NameOfPartition(c.Database, number), NameOfPartition(c.User, number)
		if number > 0 {
			suffix = fmt.Sprintf("-%d", number)
		}
		if part.Password, err = password(suffix); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// Failover makes another machine the primary, or says why not, and explains each step. With dry it only explains.
//
// The order matters. First every machine that answers stops to follow: the earlier primary, should it live, commits
// nothing any more. What they have then is final, and the one that has the most has everything that was acknowledged.
func (m *Machines) Failover(ctx context.Context, wish copies.Wish, dry bool, say func(string)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failover(ctx, wish, dry, say)
}

func (m *Machines) failover(ctx context.Context, wish copies.Wish, dry bool, say func(string)) error {
	wish.Copies = m.config.Copies
	observed := m.config.observeAll(ctx, true)
	for _, line := range copies.Describe(observed) {
		say(line)
	}
	plan, err := copies.Decide(observed, wish)
	if err != nil {
		return err
	}
	steps := plan.Steps(wish)
	if dry || plan.Keep {
		for _, step := range steps {
			say(step)
		}
	}
	switch {
	case dry:
		return nil
	case plan.Keep:
		m.primary = plan.Primary
		return m.lookAfter(ctx, plan, observed)
	}
	return m.carryOut(ctx, observed, wish, say)
}

// lookAfter gives the machines their parts beside a primary that stays, and notes which of them have all of the log by
// now.
func (m *Machines) lookAfter(ctx context.Context, plan copies.Plan, observed []copies.Machine) error {
	if err := m.admitAll(ctx, plan, observed, true); err != nil {
		return err
	}
	primary := chosen(observed, plan.Primary)
	if len(plan.New) > 0 && !copies.Before(observed, primary, m.config.Copies).Equal(primary.Members) {
		return nil // the members have changed just now: the next time
	}
	return m.noteComplete(ctx, primary, observed)
}

func (m *Machines) carryOut(
	ctx context.Context, observed []copies.Machine, wish copies.Wish, say func(string),
) error {
	sealed := m.seal(ctx, observed, say)
	for _, machine := range sealed {
		if machine.Fault == "" && !machine.Empty && machine.SealedBy != m.config.owner {
			return copies.Refusal(machine.Address + ": another failover is under way, and this one gives way to it")
		}
	}
	plan, err := copies.Decide(sealed, wish)
	if err != nil {
		return err
	}
	if plan.Loss != "" {
		say("this is accepted: " + plan.Loss)
	}
	primary := chosen(sealed, plan.Primary)
	if primary.Strands(sealed) {
		say(fmt.Sprintf("%s commits what it has: another machine has committed more of it", plan.Primary))
	}
	if err := m.config.promote(ctx, primary, sealed); err != nil {
		return err
	}
	say(fmt.Sprintf("%s is the primary", plan.Primary))
	for _, machine := range sealed {
		if !slices.Contains(plan.Others, machine.Address) || slices.Contains(plan.New, machine.Address) {
			continue
		}
		if err := m.admit(ctx, machine, primary); err != nil {
			say(fmt.Sprintf("%s does not follow it: %v", machine.Address, err))
			continue
		}
		say(fmt.Sprintf("%s follows it", machine.Address))
	}
	m.primary = plan.Primary
	if plan.Waits || len(plan.Others)-len(plan.New)+1 < wish.Copies {
		say("nothing is acknowledged until more machines have a copy; the next event source raises the epoch then")
		return m.admitNew(ctx, plan, wish, say)
	}
	number, err := m.raise(ctx, sealed, primary)
	if err != nil {
		return err
	}
	say(fmt.Sprintf("the epoch is %d: what an earlier writer still sends is refused", number))
	return m.admitNew(ctx, plan, wish, say)
}

// admitNew gives the machines a copy that are no members of the log, when it has its primary.
func (m *Machines) admitNew(ctx context.Context, plan copies.Plan, wish copies.Wish, say func(string)) error {
	if len(plan.New) == 0 {
		return nil
	}
	observed := m.config.Observe(ctx)
	wish.To = ""
	next, err := copies.Decide(observed, wish)
	if err != nil {
		return err
	}
	if !next.Keep {
		return copies.Refusal(strings.Join(copies.Describe(observed), "; ") + ": run the command again")
	}
	if err := m.admitAll(ctx, next, observed, true); err != nil {
		return err
	}
	for _, address := range next.New {
		say(fmt.Sprintf("%s is new and copies the log; it counts when it has everything", address))
	}
	return nil
}

func chosen(observed []copies.Machine, address string) copies.Machine {
	for _, machine := range observed {
		if machine.Address == address {
			return machine
		}
	}
	return copies.Machine{Address: address}
}

// seal makes every machine that answers follow no one, and says what they have then. A machine that cannot be made to,
// counts as one that does not answer.
func (m *Machines) seal(ctx context.Context, observed []copies.Machine, say func(string)) []copies.Machine {
	failed := make(map[string]error)
	for _, machine := range observed {
		if machine.Fault != "" || machine.Empty {
			continue
		}
		if err := m.config.follow(ctx, machine.Address, ""); err != nil {
			failed[machine.Address] = err
			say(fmt.Sprintf("%s cannot be made to follow no one, and does not count: %v", machine.Address, err))
			continue
		}
		say(fmt.Sprintf("%s follows no one now, and acknowledges nothing to an earlier primary", machine.Address))
	}
	sealed := slices.Clone(observed)
	var asked sync.WaitGroup
	for i, machine := range observed {
		switch err := failed[machine.Address]; {
		case err != nil:
			sealed[i] = copies.Machine{Address: machine.Address, Fault: err.Error()}
		case machine.Fault == "": // one that did not answer is not asked again: each attempt takes its time
			asked.Go(func() { sealed[i] = m.config.observe(ctx, machine.Address, true) })
		}
	}
	asked.Wait()
	return sealed
}

// raise raises the epoch on a new primary, as soon as it has committed everything that it has.
func (m *Machines) raise(ctx context.Context, sealed []copies.Machine, primary copies.Machine) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, commitsWithin)
	defer cancel()
	c, err := m.config.asAdmin(ctx, primary.Address, m.config.Database)
	if err != nil {
		return 0, err
	}
	defer discard(c)
	if err := awaitCommitted(ctx, c, primary.Has); err != nil {
		return 0, fmt.Errorf("%s is the primary and cannot commit what it has: %w", primary.Address, err)
	}
	_, tx, err := readEpoch(ctx, c)
	if err != nil {
		return 0, fmt.Errorf("read the epoch: %w", err)
	}
	number := int64(0)
	for _, machine := range sealed {
		number = max(number, machine.Epoch)
	}
	number++
	_, err = raiseEpoch(ctx, c, epoch{Number: number, Owner: m.config.owner}, tx, nil)
	return number, err
}

// commitTail makes a machine commit by itself all that is on its disk, where another one has committed more of it.
// immudb 1.11.1 lets no replica follow that has committed more than the primary, and the primary would wait for the
// acknowledgement of that replica and never commit. Nothing is acknowledged with fewer copies by it: what the
// machine has was there before, and the next commit has the copies of all before it.
func (c Config) commitTail(ctx context.Context, primary copies.Machine) error {
	if err := c.become(ctx, primary.Address, primarySettings(1)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, commitsWithin)
	defer cancel()
	session, err := c.asAdmin(ctx, primary.Address, c.Database)
	if err != nil {
		return err
	}
	defer discard(session)
	return awaitCommitted(ctx, session, primary.Has)
}

// awaitCommitted waits until a primary has committed a transaction.
func awaitCommitted(ctx context.Context, c client.ImmuClient, tx uint64) error {
	for {
		state, err := c.CurrentState(ctx)
		if err != nil || state.TxId >= tx {
			return err
		}
		if !app.Pause(ctx, committedPause) {
			return fmt.Errorf("it is at transaction %d of %d after %v", state.TxId, tx, commitsWithin)
		}
	}
}
