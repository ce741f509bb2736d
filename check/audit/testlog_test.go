package audit_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/internal/view/viewtest"
)

// opening is the moment at which every story begins.
var opening = time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.UTC)

// testLog is a log that a sound bank writes.
type testLog struct{ *viewtest.Log }

func newTestLog(t viewtest.Fataler) *testLog { return &testLog{viewtest.NewLog(t)} }

// ask has an account decide a command and writes what happens. It reports
// whether the command was accepted.
func (b *testLog) ask(id bank.AccountID, caller, key string, c bank.Command) bool {
	b.T.Helper()
	return b.Try(id, caller, key, c) == nil
}

func (b *testLog) open(owner string, currency bank.Currency) bank.AccountID {
	b.T.Helper()
	id := bank.NewAccountID(owner, "first")
	if !b.ask(id, owner, "first", bank.OpenAccount{Owner: owner, Currency: currency}) {
		b.T.Fatalf("%s cannot open an account", owner)
	}
	return id
}

func (b *testLog) pay(id bank.AccountID, in, out int64) {
	b.T.Helper()
	currency, key := b.Accounts[id].Currency, fmt.Sprint("key-", len(b.Records))
	wages := bank.Details{Reference: "wages"}
	var c bank.Command = bank.Deposit{Amount: bank.Money{Minor: in, Currency: currency}, Details: wages}
	if out > 0 {
		c = bank.Withdraw{Amount: bank.Money{Minor: out, Currency: currency}, Details: bank.Details{Memo: "rent"}}
	}
	if !b.ask(id, "teller", key, c) {
		b.T.Fatalf("%s: %+v is refused", id, c)
	}
}

// soundLog is a small log with every kind of event: Ada's account has positions 1, 3,
// 4, 6, 8 and Yamada's 2, 5, 7.
func soundLog(t *testing.T) *testLog {
	t.Helper()
	b := newTestLog(t)
	ada, yamada := b.open("ada", "EUR"), b.open("yamada", "JPY")
	b.pay(ada, 1000, 0)
	b.pay(ada, 0, 250)
	b.pay(yamada, 5000, 0)
	b.pay(ada, 50, 0)
	b.pay(yamada, 0, 5000)
	b.pay(ada, 0, 800)
	return b
}

// edit changes the stored event of a record, whatever the bank would say.
func edit[E bank.Event](r *contract.Record, change func(*E)) {
	var event E
	if err := json.Unmarshal(r.Data, &event); err != nil {
		panic(err)
	}
	change(&event)
	data, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	r.Data = data
}

// auditOf is the audit of the records and, if there are any, the views.
func auditOf(records []contract.Record, views *laws.ViewSums) audit.Report {
	a := audit.New()
	if views != nil {
		a.Expect(views)
	}
	for _, r := range records {
		a.Record(r)
	}
	return a.Report(opening, time.Second, nil)
}

// project makes the views of the first records of a log.
func project(t viewtest.Fataler, records []contract.Record) *memory.Store {
	t.Helper()
	store, sums := memory.New(), view.Resume(view.Trial{})
	accounts := make(map[bank.AccountID]view.Account)
	for _, r := range records {
		account, effect, err := view.Fold(accounts[r.Account], r)
		if err != nil {
			t.Fatalf("%v", err)
		}
		accounts[r.Account] = account
		sums.Add(r.At, effect.Postings)
		changes := view.Changes{From: r.Position - 1, To: r.Position, Accounts: []view.Account{account},
			References: view.ReferencesOf(r, effect.Subjects), Trial: sums.Trial(r.Position)}
		if effect.Line != nil {
			changes.Transactions = append(changes.Transactions, *effect.Line)
		}
		if effect.State != nil {
			changes.States = append(changes.States, *effect.State)
		}
		if err := store.Apply(contextOf(t), changes); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return store
}
