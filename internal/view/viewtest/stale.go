package viewtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// stale is a quarantine with every field set.
func stale(position, version int64) view.Stale {
	return view.Stale{Reason: "event <geld-gedrückt> is unknown", Position: position, Version: version, Since: opening.Add(time.Microsecond)}
}

func quarantineComesBack(t *testing.T, s *story) {
	s.apply(s.open(ada, grace), s.pay(ada, 2))
	stopped, never := s.accounts[ada], view.Account{Account: bank.Account{ID: nobody}}
	stopped.Stale, never.Stale = stale(s.position+1, stopped.Version+1), stale(s.position+2, 1)
	never.Stale.Reason = strings.Repeat("ß", view.MaxReason/2)
	s.apply(bare(view.Changes{From: s.position, To: s.position + 2, Accounts: []view.Account{stopped, never}}))
	s.checkpoint(s.position + 2)
	for _, want := range []view.Account{stopped, never, s.accounts[grace]} {
		s.account(want)
	}
	accounts, err := s.store.Accounts(t.Context(), []bank.AccountID{ada, grace, nobody})
	if err != nil || !same(accounts[ada], stopped) || !same(accounts[nobody], never) || !same(accounts[grace], s.accounts[grace]) {
		t.Errorf("accounts are %+v (%v)", accounts, err)
	}
	stopped.Stale = view.Stale{}
	s.apply(bare(view.Changes{From: s.position + 2, To: s.position + 3, Accounts: []view.Account{stopped}}))
	s.account(stopped)
}

func replacementIsWhole(t *testing.T, s *story) {
	s.apply(s.open(ada, grace), s.pay(ada, 6), s.pay(grace, 3))
	stopped := s.accounts[ada]
	stopped.Stale = stale(s.position+1, stopped.Version+1)
	s.apply(bare(view.Changes{From: s.position, To: s.position + 1, Accounts: []view.Account{stopped}}))
	s.position++
	s.replace(ada, 9)
	s.checkpoint(s.position)
	for _, id := range []bank.AccountID{ada, grace} {
		s.account(s.accounts[id])
		if diff := difference(s.page(id, view.Page{First: 100}), modelPage(s.lines[id], view.Page{First: 100})); diff != "" {
			t.Errorf("history of %s: %s", id, diff)
		}
	}
	s.apply(s.pay(ada, 2)) // it goes on from there
	s.account(s.accounts[ada])
	s.replace(ada, 0)    // fewer lines than before
	s.replace(nobody, 3) // an account that had none
	for _, id := range []bank.AccountID{ada, nobody} {
		s.account(s.accounts[id])
		if diff := difference(s.page(id, view.Page{First: 100}), modelPage(s.lines[id], view.Page{First: 100})); diff != "" {
			t.Errorf("history of %s: %s", id, diff)
		}
	}
}

// replacement makes other payments on an account, at positions that were.
func (s *story) replacement(id bank.AccountID, payments int) view.Replacement {
	other := begin(s.t, s.store)
	other.open(id)
	if payments > 0 {
		other.pay(id, payments)
	}
	for i := range other.lines[id] {
		other.lines[id][i].Position = s.position
		other.lines[id][i].Memo = "again"
	}
	return view.Replacement{At: s.position, Account: other.accounts[id], Transactions: other.lines[id]}
}

func (s *story) replace(id bank.AccountID, payments int) {
	s.t.Helper()
	r := s.replacement(id, payments)
	if err := s.store.Replace(s.t.Context(), r); err != nil {
		s.t.Fatal(err)
	}
	s.accounts[id], s.lines[id] = r.Account, r.Transactions
}

func replacementElsewhere(t *testing.T, s *story) {
	s.apply(s.open(ada), s.pay(ada, 4))
	was := s.accounts[ada]
	for _, at := range []int64{0, s.position - 1, s.position + 1} {
		r := s.replacement(ada, 0)
		r.At = at
		if err := s.store.Replace(t.Context(), r); !errors.Is(err, view.ErrCheckpointMoved) {
			t.Errorf("replace at %d while the checkpoint is %d: %v, want ErrCheckpointMoved", at, s.position, err)
		}
	}
	later, mixed, twice := s.replacement(ada, 3), s.replacement(ada, 3), s.replacement(ada, 3)
	later.Transactions[2].Position++
	mixed.Transactions[0].Account = grace
	twice.Transactions[1] = twice.Transactions[0]
	for name, r := range map[string]view.Replacement{"a line from later": later, "a line of another": mixed, "a line twice": twice} {
		if err := s.store.Replace(t.Context(), r); err == nil || errors.Is(err, view.ErrCheckpointMoved) {
			t.Errorf("%s: %v, want an error that says so", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.store.Replace(ctx, s.replacement(ada, 2)); !errors.Is(err, context.Canceled) {
		t.Errorf("replace under a cancelled context: %v", err)
	}
	s.account(was)
	if lines := s.page(ada, view.Page{Last: 100}); !slices.Equal(reversed(lines.Transactions), s.lines[ada]) {
		t.Errorf("history is %s", brief(lines))
	}
}

func reversed(lines []view.Transaction) []view.Transaction {
	lines = slices.Clone(lines)
	slices.Reverse(lines)
	return lines
}

// replacedMeanwhile replaces an account while a projector moves the
// checkpoint: both get through, and neither undoes the other.
func replacedMeanwhile(t *testing.T, s *story) {
	s.apply(s.open(ada, grace), s.pay(ada, 5))
	r := view.Replacement{Account: s.accounts[ada]}
	done := make(chan error, 1)
	var both sync.WaitGroup
	both.Go(func() {
		for range 30 {
			if err := s.store.Apply(t.Context(), s.pay(grace, 1)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	})
	for err := view.ErrCheckpointMoved; err != nil; {
		at, readErr := s.store.Checkpoint(t.Context())
		if readErr != nil {
			t.Fatal(readErr)
		}
		r.At = at
		if err = s.store.Replace(t.Context(), r); err != nil && !errors.Is(err, view.ErrCheckpointMoved) {
			t.Fatal(err)
		}
	}
	both.Wait()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.checkpoint(s.position)
	s.account(s.accounts[grace])
	if got := count(t, s.store, grace); got != 30 {
		t.Errorf("grace has %d lines, want 30", got)
	}
	if got := count(t, s.store, ada); got != 0 {
		t.Errorf("ada has %d lines, want none", got)
	}
}
