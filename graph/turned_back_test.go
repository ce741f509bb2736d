package graph

import (
	"context"
	"strings"
	"testing"
	"time"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/internal/view/viewtest"
)

// streamLog is a log of one account.
type streamLog struct {
	Log
	records []contract.Record
}

func (l streamLog) ReadStream(_ context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	rest := l.records[min(int(r.AfterVersion), len(l.records)):]
	return contract.Records{Records: rest[:min(r.Limit, len(rest))]}, nil
}

// turnedBack is an account that wrong clocks took 100 days and three hours ahead, and
// that found back each time.
func turnedBack(t *testing.T) (*Resolver, bank.AccountID, []contract.Record) {
	b := viewtest.NewLog(t)
	began := b.Now
	id := b.Open(bank.OpenAccount{Owner: "ada", Currency: "EUR"})
	for _, ahead := range []time.Duration{time.Minute, 100 * 24 * time.Hour, 2 * time.Minute, 3 * time.Hour,
		3 * time.Minute} {
		b.Now = began.Add(ahead)
		for range 70 {
			b.Do(id, bank.Deposit{Amount: bank.Money{Minor: 100, Currency: "EUR"}})
		}
	}
	views, account := memory.New(), view.Account{}
	changes := view.Changes{To: int64(len(b.Records)), Trial: view.Trial{Position: int64(len(b.Records))}}
	for _, r := range b.Records {
		next, effect, err := view.Fold(account, r)
		if err != nil {
			t.Fatal(err)
		}
		if account = next; effect.Line != nil {
			changes.Transactions = append(changes.Transactions, *effect.Line)
		}
		if effect.State != nil {
			changes.States = append(changes.States, *effect.State)
		}
	}
	changes.Accounts = []view.Account{account}
	if err := views.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	return &Resolver{Views: views, Log: streamLog{records: b.Records}}, id, b.Records
}

// TestAnAccountThatTurnedBackAddsUp: as of any time it is as after its last event up to
// then, and each of its transactions is in one statement of the periods in a row.
func TestAnAccountThatTurnedBackAddsUp(t *testing.T) {
	r, id, records := turnedBack(t)
	ctx := identity.With(t.Context(), identity.Principal{Subject: "tess", Roles: []identity.Role{identity.Teller}})
	began := records[0].At
	moments := []time.Time{began.Add(-time.Hour), began}
	for _, version := range []int{30, 71, 72, 140, 215, 300, 351} {
		moments = append(moments, records[version-1].At)
	}
	for _, at := range moments {
		want := int64(0)
		for _, record := range records {
			if !record.At.After(at) {
				want = record.Version
			}
		}
		if a, err := r.accountAt(ctx, id, point{time: at}); err != nil || a.Version != want {
			t.Errorf("at %s it has version %d (%v), want %d", at, a.Version, err, want)
		}
	}
	lines := 0
	periods := []time.Duration{-time.Hour, time.Minute, 90 * time.Second, 150 * time.Second, time.Hour, 4 * time.Hour,
		99 * 24 * time.Hour, 101 * 24 * time.Hour}
	for i, from := range periods[:len(periods)-1] {
		s, err := r.statement(ctx, id, began.Add(from), began.Add(periods[i+1]), model.StatementFormatCSV)
		if err != nil {
			t.Fatal(err)
		}
		text, err := r.statementDocument(ctx, s, "UTC")
		if err != nil {
			t.Errorf("the statement from %s does not add up: %v", from, err)
		}
		lines += strings.Count(text, "DEPOSIT")
	}
	if lines != 350 {
		t.Errorf("the statements have %d transactions, want 350", lines)
	}
}
