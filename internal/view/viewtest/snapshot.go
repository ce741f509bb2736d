package viewtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// RunSnapshots tests what a store promises to a reader of the whole, while nothing is written.
func RunSnapshots(t *testing.T, open Open) { run(t, open, snapshotCases) }

// RunIsolation tests what a store with snapshots promises beyond RunSnapshots: they do not change while payments
// come in, and block no one.
func RunIsolation(t *testing.T, open Open) { run(t, open, isolationCases) }

var snapshotCases = cases{
	"a snapshot of a new store is empty": func(h *harness) { h.snapshot().matches() },
	"a snapshot has everything": func(h *harness) {
		const many = 110 // more than one reply of MongoDB holds
		ids := manyIDs("snapshot", many)
		h.open(ada, grace)
		h.pay(ada, 12)
		h.open(ids...)
		h.pay(grace, 1)
		h.pay(ada, many)
		h.pay(ids[7], 1)
		snap := h.snapshot()
		snap.matches()
		snap.matches() // it can be read again
	},
	"a snapshot has all references and states": func(h *harness) {
		h.follow(Month(h.T), 4)
		h.snapshot().matches()
	},
	"a snapshot need not be read to its end": func(h *harness) {
		h.open(ada, grace)
		h.pay(ada, 5)
		h.pay(grace, 5)
		snap := h.snapshot()
		for range 3 {
			first(snap.Accounts(h.Context()))
			first(snap.Transactions(h.Context()))
		}
		snap.matches()
	},
	"a snapshot under a cancelled context fails": func(h *harness) {
		h.open(ada)
		h.pay(ada, 3)
		snap := h.snapshot()
		ctx := cancelled(h.T)
		_, accounts := collect(snap.Accounts(ctx))
		_, lines := collect(snap.Transactions(ctx))
		if !errors.Is(accounts, context.Canceled) || !errors.Is(lines, context.Canceled) {
			h.Errorf("accounts: %v, lines: %v, want context.Canceled", accounts, lines)
		}
	},
}

var isolationCases = cases{
	"a snapshot does not change": func(h *harness) {
		h.open(ada)
		h.pay(ada, 5)
		snap := h.snapshot()
		h.open(grace)
		h.pay(grace, 2)
		h.pay(ada, 40)
		snap.matches()
		h.snapshot().matches()
	},
	// The lines of each snapshot end where its account and its checkpoint do.
	"a snapshot taken between payments agrees with itself": func(h *harness) {
		h.open(ada)
		payments := h.payMeanwhile(ada, 2, 60)
		for paid := false; !paid; {
			select {
			case <-payments:
				paid = true
			default:
			}
			snap := must(h.store.(view.Snapshots).Snapshot(h.Context()))
			got := contentOf(h.T, snap)
			if err := snap.Close(h.Context()); err != nil {
				h.Fatal(err)
			}
			last := view.Transaction{Version: 1, Position: 1}
			if lines := got.lines[ada]; len(lines) > 0 {
				last = lines[len(lines)-1]
			}
			if account := got.accounts[ada]; len(got.accounts) != 1 || last.Version != account.Version ||
				last.BalanceAfter != account.Balance.Minor || last.Position != got.checkpoint {
				h.Fatalf("checkpoint %d, accounts %+v, last line %+v", got.checkpoint, got.accounts, last)
			}
		}
		h.snapshot().matches()
	},
}

// manyIDs are n accounts of an owner.
func manyIDs(owner string, n int) []bank.AccountID {
	ids := make([]bank.AccountID, n)
	for i := range ids {
		ids[i] = bank.NewAccountID(owner, fmt.Sprint(i))
	}
	return ids
}

func first[T any](all iter.Seq2[T, error]) {
	for one, err := range all {
		must(one, err)
		return
	}
}

// payMeanwhile makes payments on an account, some at a time. The channel is closed when all are made.
func (h *harness) payMeanwhile(id bank.AccountID, together, times int) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range times {
			changes := h.paid(id, together)
			if err := h.store.Apply(h.Context(), changes); err != nil {
				h.Error(err)
				return
			}
			h.applied(changes)
		}
	}()
	return done
}

// wantedSnapshot is a snapshot and what it must show.
type wantedSnapshot struct {
	view.Snapshot
	*testing.T
	want content
}

// snapshot is taken now and closed with the test.
func (h *harness) snapshot() wantedSnapshot {
	snap := must(h.store.(view.Snapshots).Snapshot(h.Context()))
	h.Cleanup(func() {
		if err := snap.Close(context.WithoutCancel(h.Context())); err != nil {
			h.Errorf("close the snapshot: %v", err)
		}
	})
	return wantedSnapshot{snap, h.T, h.content()}
}

// matches fails unless the snapshot shows what it must, and nothing else.
func (s wantedSnapshot) matches() {
	s.Helper()
	got := contentOf(s.T, s.Snapshot)
	expect(s.T, "the checkpoint", got.checkpoint, nil, s.want.checkpoint)
	expect(s.T, "the trial balance", got.trial, nil, s.want.trial)
	expect(s.T, "the documents", got.accounts, nil, s.want.accounts)
	expect(s.T, "the lines", got.lines, nil, s.want.lines)
	expect(s.T, "the references", got.references, nil, s.want.references)
	expect(s.T, "the states", got.states, nil, s.want.states)
}

// content is everything that a snapshot has, oldest first.
type content struct {
	checkpoint int64
	trial      view.Trial
	accounts   map[bank.AccountID]view.Account
	lines      map[bank.AccountID][]view.Transaction
	references map[string][]view.Reference
	states     map[bank.AccountID][]view.State
}

// contentOf reads a snapshot, which has each document once, and the lines of an account together.
func contentOf(t *testing.T, snap view.Snapshot) content {
	t.Helper()
	ctx := t.Context()
	c := content{snap.Checkpoint(), snap.Trial(), make(map[bank.AccountID]view.Account),
		make(map[bank.AccountID][]view.Transaction), make(map[string][]view.Reference), make(map[bank.AccountID][]view.State)}
	for _, account := range must(collect(snap.Accounts(ctx))) {
		if _, twice := c.accounts[account.ID]; twice {
			t.Errorf("account %s is there twice", account.ID)
		}
		c.accounts[account.ID] = account
	}
	var before bank.AccountID
	for _, line := range must(collect(snap.Transactions(ctx))) {
		if before != line.Account && len(c.lines[line.Account]) > 0 {
			t.Errorf("the lines of %s are not together", line.Account)
		}
		before, c.lines[line.Account] = line.Account, append(c.lines[line.Account], line)
	}
	for _, r := range must(collect(snap.References(ctx))) {
		c.references[r.Key] = append(c.references[r.Key], r)
	}
	for _, state := range must(collect(snap.States(ctx))) {
		c.states[state.Account.ID] = append(c.states[state.Account.ID], state)
	}
	for _, references := range c.references {
		slices.SortFunc(references, func(a, b view.Reference) int {
			return cmp.Compare(a.Record.Position, b.Record.Position)
		})
	}
	for _, states := range c.states {
		slices.SortFunc(states, func(a, b view.State) int { return cmp.Compare(a.Position, b.Position) })
	}
	return c
}

// collect reads a sequence to its end or its error.
func collect[T any](all iter.Seq2[T, error]) ([]T, error) {
	var found []T
	for one, err := range all {
		if err != nil {
			return found, err
		}
		found = append(found, one)
	}
	return found, nil
}
