package viewtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// RunSnapshots tests what a store promises to whoever looks at it as a whole,
// while nobody writes.
func RunSnapshots(t *testing.T, open Open) {
	run(t, open, map[string]func(*testing.T, *story){
		"a snapshot of a new store is empty":         emptySnapshot,
		"a snapshot tells everything":                wholeSnapshot,
		"a snapshot tells of all that is filed":      monthSnapshot,
		"a snapshot can be left early":               leftEarly,
		"a snapshot under a cancelled context fails": cancelledSnapshot,
	})
}

// RunIsolation tests what a store with snapshots promises beyond RunSnapshots:
// they stand still while payments come in, and hold nobody up.
func RunIsolation(t *testing.T, open Open) {
	run(t, open, map[string]func(*testing.T, *story){
		"a snapshot stands still":                       standsStill,
		"a snapshot taken between payments fits itself": takenBetweenPayments,
	})
}

func emptySnapshot(t *testing.T, s *story) { s.is(s.snapshot()) }

func wholeSnapshot(t *testing.T, s *story) {
	const many = 110 // more than one answer of MongoDB holds
	ids := make([]bank.AccountID, many)
	for i := range ids {
		ids[i] = bank.NewAccountID("snapshot", fmt.Sprint(i))
	}
	s.apply(s.open(ada, grace), s.pay(ada, 12), s.open(ids...), s.pay(grace, 1), s.pay(ada, many), s.pay(ids[7], 1))
	snap := s.snapshot()
	s.is(snap)
	s.is(snap) // read again
}

func monthSnapshot(t *testing.T, s *story) {
	s.follow(Month(t), 4)
	snap := s.snapshot()
	s.is(snap)
	if now, err := s.store.Trial(t.Context()); err != nil || !snap.Trial().Equal(now) {
		t.Errorf("trial balance is %+v, want %+v (%v)", snap.Trial(), now, err)
	}
}

func leftEarly(t *testing.T, s *story) {
	s.apply(s.open(ada, grace), s.pay(ada, 5), s.pay(grace, 5))
	snap := s.snapshot()
	for range 3 {
		for _, err := range snap.Accounts(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		for _, err := range snap.Transactions(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	s.is(snap)
}

func cancelledSnapshot(t *testing.T, s *story) {
	s.apply(s.open(ada), s.pay(ada, 3))
	snap := s.snapshot()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := collect(snap.Accounts(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("accounts: %v, want context.Canceled", err)
	}
	if _, err := collect(snap.Transactions(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("lines: %v, want context.Canceled", err)
	}
}

func standsStill(t *testing.T, s *story) {
	s.apply(s.open(ada), s.pay(ada, 5))
	before := begin(t, s.store)
	before.position, before.accounts = s.position, maps.Clone(s.accounts)
	before.lines[ada] = slices.Clone(s.lines[ada])
	trial := s.trial()
	snap := s.snapshot()
	s.apply(s.open(grace), s.pay(grace, 2), s.pay(ada, 40))
	before.is(snap)
	if !snap.Trial().Equal(trial) {
		t.Errorf("trial balance is %+v, want %+v", snap.Trial(), trial)
	}
	s.is(s.snapshot())
}

// takenBetweenPayments takes snapshots while payments come in: the lines of
// each end where its account and its checkpoint do.
func takenBetweenPayments(t *testing.T, s *story) {
	s.apply(s.open(ada))
	payments := make(chan error, 1)
	go func() {
		for range 60 {
			if err := s.store.Apply(t.Context(), s.pay(ada, 2)); err != nil {
				payments <- err
				return
			}
		}
		payments <- nil
	}()
	for paid := false; !paid; {
		select {
		case err := <-payments:
			if err != nil {
				t.Fatal(err)
			}
			paid = true
		default:
		}
		snap, err := s.store.(view.Snapshots).Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		account, lines := only(t, snap)
		if err := snap.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(lines) == 0 && account.Version == 1 && snap.Checkpoint() == 1 {
			continue
		}
		last := lines[len(lines)-1]
		if last.Version != account.Version || last.BalanceAfter != account.Balance.Minor || last.Position != snap.Checkpoint() {
			t.Fatalf("checkpoint %d, account %+v, last line %+v", snap.Checkpoint(), account, last)
		}
	}
	s.is(s.snapshot())
}

// only is the one account of a snapshot with its lines.
func only(t *testing.T, snap view.Snapshot) (view.Account, []view.Transaction) {
	t.Helper()
	accounts, err := collect(snap.Accounts(t.Context()))
	if err != nil || len(accounts) != 1 {
		t.Fatalf("%d accounts (%v), want 1", len(accounts), err)
	}
	lines, err := collect(snap.Transactions(t.Context()))
	if err != nil || len(lines) == 0 && accounts[0].Version > 1 {
		t.Fatalf("%d lines of version %d (%v)", len(lines), accounts[0].Version, err)
	}
	return accounts[0], lines
}

// snapshot is taken now and closed with the test.
func (s *story) snapshot() view.Snapshot {
	s.t.Helper()
	snap, err := s.store.(view.Snapshots).Snapshot(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := snap.Close(context.WithoutCancel(s.t.Context())); err != nil {
			s.t.Errorf("close the snapshot: %v", err)
		}
	})
	return snap
}

// is holds a snapshot against everything that happened.
func (s *story) is(snap view.Snapshot) {
	s.t.Helper()
	if snap.Checkpoint() != s.position {
		s.t.Errorf("the snapshot is at %d, want %d", snap.Checkpoint(), s.position)
	}
	accounts, err := collect(snap.Accounts(s.t.Context()))
	if err != nil || len(accounts) != len(s.accounts) {
		s.t.Fatalf("%d accounts (%v), want %d", len(accounts), err, len(s.accounts))
	}
	for _, account := range accounts {
		if !same(account, s.accounts[account.ID]) {
			s.t.Errorf("account is\n%+v, want\n%+v", account, s.accounts[account.ID])
		}
	}
	all, err := collect(snap.Transactions(s.t.Context()))
	if err != nil {
		s.t.Fatal(err)
	}
	lines := make(map[bank.AccountID][]view.Transaction)
	for i, line := range all {
		if i > 0 && all[i-1].Account != line.Account && lines[line.Account] != nil {
			s.t.Fatalf("the lines of %s are not together", line.Account)
		}
		lines[line.Account] = append(lines[line.Account], line)
	}
	if !maps.EqualFunc(lines, s.lines, slices.Equal[[]view.Transaction]) {
		s.t.Errorf("lines are\n%+v, want\n%+v", lines, s.lines)
	}
	s.hasFiled(snap)
}

// hasFiled holds what is filed and kept in a snapshot against what happened.
func (s *story) hasFiled(snap view.Snapshot) {
	s.t.Helper()
	links, err := collect(snap.References(s.t.Context()))
	states, stateErr := collect(snap.States(s.t.Context()))
	if err := errors.Join(err, stateErr); err != nil {
		s.t.Fatal(err)
	}
	found := make(map[string][]contract.Record)
	for _, link := range links {
		found[link.Key] = append(found[link.Key], link.Record)
	}
	for _, records := range found {
		slices.SortFunc(records, func(a, b contract.Record) int { return cmp.Compare(a.Position, b.Position) })
	}
	kept := make(map[bank.AccountID][]view.State)
	for _, state := range states {
		kept[state.Account.ID] = append(kept[state.Account.ID], state)
	}
	for _, own := range kept {
		slices.SortFunc(own, func(a, b view.State) int { return cmp.Compare(a.Position, b.Position) })
	}
	if !same(found, s.links) || !same(kept, s.states) {
		s.t.Errorf("filed are\n%+v\nand %+v, want\n%+v\nand %+v", found, kept, s.links, s.states)
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
