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

// RunSnapshots tests what a store promises to a reader of the whole, while
// nothing is written.
func RunSnapshots(t *testing.T, open Open) {
	run(t, open, map[string]func(*testing.T, *harness){
		"a snapshot of a new store is empty":         func(_ *testing.T, h *harness) { h.snapshot().matches() },
		"a snapshot has everything":                  wholeSnapshot,
		"a snapshot has all references and states":   monthSnapshot,
		"a snapshot need not be read to its end":     leftEarly,
		"a snapshot under a cancelled context fails": cancelledSnapshot,
	})
}

// RunIsolation tests what a store with snapshots promises beyond RunSnapshots:
// they do not change while payments come in, and block no one.
func RunIsolation(t *testing.T, open Open) {
	run(t, open, map[string]func(*testing.T, *harness){
		"a snapshot does not change":                           snapshotDoesNotChange,
		"a snapshot taken between payments agrees with itself": takenBetweenPayments,
	})
}

func wholeSnapshot(_ *testing.T, h *harness) {
	const many = 110 // more than one reply of MongoDB holds
	ids := make([]bank.AccountID, many)
	for i := range ids {
		ids[i] = bank.NewAccountID("snapshot", fmt.Sprint(i))
	}
	h.open(ada, grace)
	h.pay(ada, 12)
	h.open(ids...)
	h.pay(grace, 1)
	h.pay(ada, many)
	h.pay(ids[7], 1)
	snap := h.snapshot()
	snap.matches()
	snap.matches() // it can be read again
}

func monthSnapshot(t *testing.T, h *harness) {
	h.follow(Month(t), 4)
	h.snapshot().matches()
}

func leftEarly(t *testing.T, h *harness) {
	h.open(ada, grace)
	h.pay(ada, 5)
	h.pay(grace, 5)
	snap := h.snapshot()
	for range 3 {
		first(t, snap.Accounts(t.Context()))
		first(t, snap.Transactions(t.Context()))
	}
	snap.matches()
}

func first[T any](t *testing.T, all iter.Seq2[T, error]) {
	t.Helper()
	for _, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
}

func cancelledSnapshot(t *testing.T, h *harness) {
	h.open(ada)
	h.pay(ada, 3)
	snap := h.snapshot()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := collect(snap.Accounts(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("accounts: %v, want context.Canceled", err)
	}
	if _, err := collect(snap.Transactions(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("lines: %v, want context.Canceled", err)
	}
}

func snapshotDoesNotChange(_ *testing.T, h *harness) {
	h.open(ada)
	h.pay(ada, 5)
	snap := h.snapshot()
	h.open(grace)
	h.pay(grace, 2)
	h.pay(ada, 40)
	snap.matches()
	h.snapshot().matches()
}

// takenBetweenPayments takes snapshots while payments come in: the lines of each
// end where its account and its checkpoint do.
func takenBetweenPayments(t *testing.T, h *harness) {
	h.open(ada)
	payments := make(chan struct{})
	go func() {
		defer close(payments)
		for range 60 {
			changes := h.paid(ada, 2)
			if err := h.store.Apply(t.Context(), changes); err != nil {
				t.Error(err)
				return
			}
			h.model.apply(changes)
		}
	}()
	for paid := false; !paid; {
		select {
		case <-payments:
			paid = true
		default:
		}
		agreesWithItself(t, h.store)
	}
	h.snapshot().matches()
}

func agreesWithItself(t *testing.T, store view.Store) {
	t.Helper()
	snap, err := store.(view.Snapshots).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := collect(snap.Accounts(t.Context()))
	lines, linesErr := collect(snap.Transactions(t.Context()))
	if err := errors.Join(err, linesErr, snap.Close(t.Context())); err != nil || len(accounts) != 1 {
		t.Fatalf("%d accounts (%v), want 1", len(accounts), err)
	}
	account := accounts[0]
	if len(lines) == 0 && account.Version == 1 && snap.Checkpoint() == 1 {
		return
	}
	if len(lines) == 0 || lines[len(lines)-1].Version != account.Version ||
		lines[len(lines)-1].BalanceAfter != account.Balance.Minor || lines[len(lines)-1].Position != snap.Checkpoint() {
		t.Fatalf("checkpoint %d, account %+v, lines %+v", snap.Checkpoint(), account, lines)
	}
}

// modelledSnapshot is a snapshot and what it must show.
type modelledSnapshot struct {
	view.Snapshot
	model
	t *testing.T
}

// snapshot is taken now and closed with the test.
func (h *harness) snapshot() modelledSnapshot {
	h.t.Helper()
	snap, err := h.store.(view.Snapshots).Snapshot(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := snap.Close(context.WithoutCancel(h.t.Context())); err != nil {
			h.t.Errorf("close the snapshot: %v", err)
		}
	})
	return modelledSnapshot{snap, h.clone(), h.t}
}

// matches fails unless the snapshot shows the model, and nothing else.
func (s modelledSnapshot) matches() {
	s.t.Helper()
	if s.Checkpoint() != s.position || !s.Trial().Equal(s.trial) {
		s.t.Errorf("the snapshot is at %d with %+v, want %d with %+v", s.Checkpoint(), s.Trial(), s.position, s.trial)
	}
	accounts, accountsErr := collect(s.Accounts(s.t.Context()))
	lines, linesErr := collect(s.Transactions(s.t.Context()))
	references, referencesErr := collect(s.References(s.t.Context()))
	states, statesErr := collect(s.States(s.t.Context()))
	if err := errors.Join(accountsErr, linesErr, referencesErr, statesErr); err != nil {
		s.t.Fatal(err)
	}
	slices.SortFunc(references, func(a, b view.Reference) int { return cmp.Compare(a.Record.Position, b.Record.Position) })
	slices.SortFunc(states, func(a, b view.State) int { return cmp.Compare(a.Position, b.Position) })
	got := newModel()
	got.add(lines, references, states)
	for _, account := range accounts {
		got.accounts[account.ID] = account
	}
	if len(accounts) != len(got.accounts) {
		s.t.Errorf("an account is twice among %+v", accounts)
	}
	expect(s.t, "documents", got.accounts, nil, s.accounts)
	expect(s.t, "lines", got.lines, nil, s.lines)
	expect(s.t, "references", got.references, nil, s.references)
	expect(s.t, "states", got.states, nil, s.states)
	ended := make(map[bank.AccountID]bool)
	for i, line := range lines {
		if i > 0 && lines[i-1].Account != line.Account {
			ended[lines[i-1].Account] = true
		}
		if ended[line.Account] {
			s.t.Fatalf("the lines of %s are not together", line.Account)
		}
	}
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
