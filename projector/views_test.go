package projector_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/projector"
)

// bankDay is a log of 5 accounts with 45 payments, in messages of 10 records,
// and a projector that has seen none of it.
func bankDay(t *testing.T) (*ledger, *memory.Store, *projector.Projector) {
	t.Helper()
	log := newLedger()
	log.open(t, 5)
	log.pay(t, 45)
	store := memory.New()
	return log, store, newProjector(store, log)
}

func newProjector(store view.Store, log logclient.Log) *projector.Projector {
	return projector.New(store, log, slog.New(slog.DiscardHandler))
}

func handle(t *testing.T, p *projector.Projector, batches ...contract.Batch) {
	t.Helper()
	for _, b := range batches {
		if err := p.Handle(t.Context(), b); err != nil {
			t.Fatalf("batch %d to %d: %v", b.First, b.Last, err)
		}
	}
}

// fatal is what *testing.T and *rapid.T have in common here.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// mustShow fails unless the views show the log up to a position, and nothing
// else.
func mustShow(t fatal, ctx context.Context, store view.Reader, log *ledger, position int64) {
	t.Helper()
	if at, err := store.Checkpoint(ctx); err != nil || at != position {
		t.Fatalf("checkpoint is %d (%v), want %d", at, err, position)
	}
	mustBalance(t, ctx, store, log.records[:position])
	accounts, lines := expected(t, log.records[:position])
	for id := range log.accounts {
		account, err := store.Account(ctx, id)
		if want, exists := accounts[id]; exists && (err != nil || !reflect.DeepEqual(account, want)) {
			t.Fatalf("account is\n%+v (%v), want\n%+v", account, err, want)
		} else if !exists && !errors.Is(err, view.ErrNotFound) {
			t.Fatalf("account %s, not opened yet, is %+v (%v)", id, account, err)
		}
		page, err := store.History(ctx, id, view.Page{Last: view.MaxPage})
		if err != nil {
			t.Fatalf("history of %s: %v", id, err)
		}
		slices.Reverse(page.Transactions)
		if page.Newer || !slices.Equal(page.Transactions, lines[id]) {
			t.Fatalf("history of %s is\n%+v, want\n%+v", id, page.Transactions, lines[id])
		}
	}
}

// expected is what the views must show, from the bank's own fold of the events.
func expected(
	t fatal, records []contract.Record,
) (map[bank.AccountID]view.Account, map[bank.AccountID][]view.Transaction) {
	t.Helper()
	accounts := make(map[bank.AccountID]view.Account)
	lines := make(map[bank.AccountID][]view.Transaction)
	states := make(map[bank.AccountID]bank.Account)
	for _, r := range records {
		was := states[r.Account]
		now, err := contract.Fold(was, r)
		if err != nil {
			t.Fatalf("fold: %v", err)
		}
		states[r.Account] = now
		opened := accounts[r.Account].Opened
		if now.Version == 1 {
			opened = r.Position
		}
		accounts[r.Account] = view.Account{Account: now, Opened: opened}
		if now.Version == 1 {
			continue
		}
		line := view.Transaction{Account: r.Account, Version: r.Version, Position: r.Position, Type: bank.DepositEntry,
			Currency: "EUR", Amount: now.Balance.Minor - was.Balance.Minor, BalanceAfter: now.Balance.Minor,
			OccurredAt: r.At, EffectiveAt: r.At,
			Credit: true, Caller: "test", Reference: "salary"}
		if line.Amount < 0 {
			line.Type, line.Credit, line.Amount = bank.WithdrawalEntry, false, -line.Amount
			line.Reference, line.Memo = "", "rent"
		}
		lines[r.Account] = append(lines[r.Account], line)
	}
	return accounts, lines
}

// mustHaveRead fails unless the log was read so many times.
func mustHaveRead(t *testing.T, log *ledger, times int) {
	t.Helper()
	if log.reads != times {
		t.Errorf("the log was read %d times, want %d", log.reads, times)
	}
}

// mustBalance fails unless the trial balance is that of the valid records.
func mustBalance(t fatal, ctx context.Context, store view.Reader, records []contract.Record) {
	t.Helper()
	stopped, sums := quarantined(records), view.Resume(view.Trial{})
	for _, r := range records {
		if first, is := stopped[r.Account]; is && r.Position >= first.Position {
			sums.Add(r.At, nil)
			continue
		}
		event, err := r.Event()
		if err != nil {
			t.Fatalf("%v", err)
		}
		sums.Add(r.At, event.PostingLines())
	}
	got, err := store.Trial(ctx)
	if want := sums.Trial(int64(len(records))); err != nil || !got.Equal(want) {
		t.Fatalf("trial balance is\n%+v (%v), want\n%+v", got, err, want)
	}
}
