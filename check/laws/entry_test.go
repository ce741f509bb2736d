package laws

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/internal/view/viewtest"
)

// lineOf is how an event is shown in its account's history.
type lineOf = func(contract.Record, bank.Event) *view.Transaction

// everyMovement is a log with every kind of event that moves money, and some that move none.
func everyMovement(t *testing.T) []contract.Record { return viewtest.Month(t).Records }

// shownBy checks a log against the views of it, in a bank that shows events so
// wherever it shows them: in the views, and in what checks the views.
func shownBy(t *testing.T, records []contract.Record, show lineOf) *Findings {
	t.Helper()
	store, sums, accounts := memory.New(), view.Resume(view.Trial{}), make(map[bank.AccountID]view.Account)
	for _, r := range records {
		account, effect, err := view.Fold(accounts[r.Account], r)
		if err != nil {
			t.Fatal(err)
		}
		accounts[r.Account] = account
		sums.Add(r.At, effect.Postings)
		event, _ := r.Event() // it could be folded
		changes := view.Changes{From: r.Position - 1, To: r.Position, Accounts: []view.Account{account},
			References: view.ReferencesOf(r, effect.Subjects), Trial: sums.Trial(r.Position)}
		if line := show(r, event); line != nil {
			changes.Transactions = append(changes.Transactions, *line)
		}
		if err := store.Apply(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
	views, err := ReadViews(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	var found Findings
	log := NewLog(&found)
	log.lineOf = show
	log.Expect(views)
	for _, r := range records {
		log.Record(r)
	}
	log.End()
	if log.Compared() == nil {
		t.Error("the views were not compared")
	}
	return &found
}

func TestEntriesAreDerivedAsTheBankShowsThem(t *testing.T) {
	records := everyMovement(t)
	if found := shownBy(t, records, view.TransactionOf); found.Total > 0 {
		t.Errorf("found %v", found.Kept)
	}
	for stored, shown := range entryTypes {
		missing := true
		for _, r := range records {
			missing = missing && r.Type != stored
		}
		if missing {
			t.Errorf("no record is %s, which is shown as %s", stored, shown)
		}
	}
}

// The views, and everything that is compared with them, come from one function.
// Where that function makes a mistake, the views are equal to the fold; only the
// line that is derived from the postings is not.
func TestAMistakeInTheHistoryEntryIsFound(t *testing.T) {
	records := everyMovement(t)
	mistakes := map[string]func(*view.Transaction) *view.Transaction{
		"is missing":           func(*view.Transaction) *view.Transaction { return nil },
		"has another amount":   func(l *view.Transaction) *view.Transaction { l.Amount++; return l },
		"has another side":     func(l *view.Transaction) *view.Transaction { l.Credit = !l.Credit; return l },
		"has another balance":  func(l *view.Transaction) *view.Transaction { l.BalanceAfter -= 100; return l },
		"has another type":     func(l *view.Transaction) *view.Transaction { l.Type = "FEE"; return l },
		"has another currency": func(l *view.Transaction) *view.Transaction { l.Currency = "USD"; return l },
		"has another caller":   func(l *view.Transaction) *view.Transaction { l.Caller = "eve"; return l },
		"is of another time":   func(l *view.Transaction) *view.Transaction { l.OccurredAt = time.Time{}; return l },
	}
	for stored := range entryTypes {
		for name, mistake := range mistakes {
			t.Run(fmt.Sprintf("the line of %s %s", stored, name), func(t *testing.T) {
				found := shownBy(t, records, func(r contract.Record, event bank.Event) *view.Transaction {
					line := view.TransactionOf(r, event)
					if r.Type == stored {
						return mistake(line)
					}
					return line
				})
				expectOnly(t, found, stored, records)
			})
		}
	}
}

func TestALineThatNoPostingMakesIsFound(t *testing.T) {
	records := everyMovement(t)
	for _, stored := range []string{"account-opened", "hold-placed", "transfer-rejected", "transfer-completed"} {
		found := shownBy(t, records, func(r contract.Record, event bank.Event) *view.Transaction {
			if r.Type == stored {
				return &view.Transaction{Account: r.Account, Version: r.Version, Position: r.Position, Type: bank.DepositEntry,
					OccurredAt: r.At, EffectiveAt: r.At, Currency: "EUR", Amount: 1}
			}
			return view.TransactionOf(r, event)
		})
		expectOnly(t, found, stored, records)
	}
}

// expectOnly holds that each event of a type was found, and nothing else after the
// first that is faulty in its account.
func expectOnly(t *testing.T, found *Findings, stored string, records []contract.Record) {
	t.Helper()
	if found.Total == 0 {
		t.Fatalf("a wrong line of %s was not found", stored)
	}
	for _, f := range found.Kept {
		if f.Law != Entries || records[f.Position-1].Type != stored || !strings.Contains(f.Expected+f.Found, "line") {
			t.Errorf("found %v", f)
		}
	}
}
