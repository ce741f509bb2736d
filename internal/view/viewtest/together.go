package viewtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// RunAtomic tests what a store with transactions promises beyond Run: changes
// are made whole or not at all, whatever stops them.
func RunAtomic(t *testing.T, open Open) {
	run(t, open, map[string]func(*testing.T, *story){
		"a change that fails at its last line leaves nothing": failsAtLastLine,
		"a change that is interrupted is whole or nothing":    interrupted,
		"of two projectors one wins":                          twoProjectors,
		"a replacement while a projector works is whole":      replacedMeanwhile,
	})
}

// readersDuringWrites reads while payments come in: whoever sees a version of
// the account finds its lines, and nothing ever goes back.
func readersDuringWrites(t *testing.T, s *story) {
	s.apply(s.open(ada))
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			seen := readOnce(t, s.store, 1)
			for ctx.Err() == nil {
				seen = readOnce(t, s.store, seen)
			}
		})
	}
	for range 40 {
		s.apply(s.pay(ada, 1))
	}
	stop()
	readers.Wait()
	s.account(s.accounts[ada])
}

// readOnce returns the version that it saw, which is at least the one seen
// before.
func readOnce(t *testing.T, store view.Reader, seen int64) int64 {
	account, err := store.Account(t.Context(), ada)
	if err != nil || account.Version < seen {
		t.Errorf("account at version %d after %d (%v)", account.Version, seen, err)
		return seen
	}
	if account.Version == 1 {
		return 1
	}
	line, err := store.Transaction(t.Context(), ada, account.Version)
	if err != nil || line.BalanceAfter != account.Balance.Minor {
		t.Errorf("version %d has balance %d, its line %d (%v)", account.Version, account.Balance.Minor, line.BalanceAfter, err)
	}
	lines, err := store.History(t.Context(), ada, view.Page{First: 3})
	if err != nil || len(lines.Transactions) == 0 || lines.Transactions[0].Version < account.Version {
		t.Errorf("version %d, history %s (%v)", account.Version, brief(lines), err)
	}
	return account.Version
}

func failsAtLastLine(t *testing.T, s *story) {
	s.apply(s.open(ada, grace), s.pay(grace, 1))
	at, was := s.position, s.accounts[ada]
	changes := s.pay(ada, 30)
	twice := s.lines[grace][0] // is there already
	twice.Position = changes.To
	changes.Transactions = append(changes.Transactions, twice)
	changes.Accounts = append(changes.Accounts, s.accounts[grace])
	changes.References = []view.Reference{{Key: "k", Record: contract.Record{Account: ada, Version: 2, Position: changes.To}}}
	changes.States = []view.State{{Account: s.accounts[ada].Account, Position: changes.To}}
	if err := s.store.Apply(t.Context(), changes); err == nil || errors.Is(err, view.ErrCheckpointMoved) {
		t.Errorf("apply a line that is there already: %v, want an error that says so", err)
	}
	s.checkpoint(at)
	s.account(was)
	if lines := s.page(ada, view.Page{First: 1}); len(lines.Transactions) != 0 {
		t.Errorf("history has %s, want none", brief(lines))
	}
	records, err := s.store.References(t.Context(), "k")
	if state, stateErr := s.store.StateBefore(t.Context(), ada, view.NoVersion, time.Time{}); len(records) != 0 || state.Position != 0 {
		t.Errorf("%d records (%v) and state %+v (%v) are filed, want none", len(records), err, state, stateErr)
	}
	if trial, err := s.store.Trial(t.Context()); trial.Position != at {
		t.Errorf("trial balance is at %d (%v), want %d", trial.Position, err, at)
	}
}

// interrupted cancels changes at moments that creep through the time they
// take, until one got through whole.
func interrupted(t *testing.T, s *story) {
	s.apply(s.open(ada))
	const lines = 100
	for wait, whole := time.Duration(0), 0; whole < 3; wait += 100 * time.Microsecond {
		at, was, had := s.position, s.accounts[ada], len(s.lines[ada])
		changes := s.pay(ada, lines)
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		err := s.store.Apply(ctx, changes)
		cancel()
		position, readErr := s.store.Checkpoint(t.Context())
		switch {
		case readErr != nil:
			t.Fatal(readErr)
		case position == changes.To: // whole, even where the answer got lost
			whole++
			s.account(s.accounts[ada])
			had += lines
		case err == nil:
			t.Fatalf("apply succeeded and left the checkpoint at %d", position)
		default:
			s.position, s.accounts[ada], s.lines[ada] = at, was, s.lines[ada][:had]
			s.checkpoint(at)
			s.account(was)
		}
		if got := count(t, s.store, ada); got != had {
			t.Fatalf("checkpoint %d, %d lines, want %d", position, got, had)
		}
	}
}

// count reads the whole history.
func count(t *testing.T, store view.Store, id bank.AccountID) int {
	t.Helper()
	total := 0
	for page := (view.Page{First: view.MaxPage}); ; {
		lines, err := store.History(t.Context(), id, page)
		if err != nil {
			t.Fatal(err)
		}
		total += len(lines.Transactions)
		if !lines.Older {
			return total
		}
		page.After = lines.Transactions[len(lines.Transactions)-1].Version
	}
}

func twoProjectors(t *testing.T, s *story) {
	s.apply(s.open(ada))
	for range 20 {
		changes := s.pay(ada, 3)
		answers := make([]error, 4)
		var projectors sync.WaitGroup
		for i := range answers {
			projectors.Go(func() { answers[i] = s.store.Apply(t.Context(), changes) })
		}
		projectors.Wait()
		won := 0
		for _, err := range answers {
			if err == nil {
				won++
			} else if !errors.Is(err, view.ErrCheckpointMoved) {
				t.Errorf("apply: %v, want ErrCheckpointMoved", err)
			}
		}
		if won != 1 {
			t.Fatalf("%d projectors applied the same changes, want 1", won)
		}
	}
	s.checkpoint(s.position)
	s.account(s.accounts[ada])
}
