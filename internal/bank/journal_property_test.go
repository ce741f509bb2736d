package bank_test

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"corebank/internal/bank"
)

// TestTransactionsHappenAsAWholeOrNotAtAll posts and reverses transactions with legs among accounts that are frozen,
// limited and overdrawn: what is refused changes nothing, and what happens leaves the sum of all accounts as it was,
// and none below what it may owe (checkEverything).
func TestTransactionsHappenAsAWholeOrNotAtAll(t *testing.T) {
	posted, undone := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for i := range rapid.SampledFrom(lengths).Draw(t, "steps") {
			id := ids[rapid.IntRange(0, 2).Draw(t, "account")]
			c := w.posting(id)
			switch account := w.account(id); rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 9:
				c = bank.Reverse{Transaction: w.transaction(id), Reason: "r"}
			case 1:
				c = bank.UnfreezeAccount{}
			case 2:
				overdraft := bank.Money{Minor: rapid.Int64Range(0, 90).Draw(t, "overdraft"), Currency: account.Currency}
				most := bank.Money{Minor: rapid.Int64Range(50, 150).Draw(t, "limit"), Currency: account.Currency}
				c = bank.SetLimits{Limits: bank.Limits{Overdraft: overdraft, PerTransaction: &most}}
			case 3:
				if rapid.Bool().Draw(t, "frozen") {
					c = bank.FreezeAccount{Debits: rapid.Bool().Draw(t, "debits"), Credits: true, Reason: "r"}
				}
			}
			before, length := fmt.Sprintf("%+v", w.accounts), len(w.log)
			_, refusal := w.execute(id, fmt.Sprint("key ", i), c)
			if refusal != nil && (len(w.log) != length || fmt.Sprintf("%+v", w.accounts) != before) {
				t.Fatalf("%+v was refused with %+v, and changed something", c, *refusal)
			}
			for _, f := range w.log[length:] {
				if e, ok := f.event.(bank.LegPosted); ok && e.Reverses != nil {
					undone++
				} else if ok {
					posted++
				}
			}
		}
		w.checkLegs()
		replayed := make(map[bank.AccountID]bank.Account)
		for _, f := range w.log {
			account := replayed[f.account]
			account.ID = f.account
			replayed[f.account] = account.Apply(f.event, f.at)
		}
		if !reflect.DeepEqual(replayed, w.accounts) {
			t.Fatalf("replayed, the accounts are\n%+v, they were\n%+v", replayed, w.accounts)
		}
	})
	if posted < 50 || undone < 5 {
		t.Errorf("only %d legs were posted and %d undone", posted, undone)
	}
	t.Logf("%d legs were posted and %d undone", posted, undone)
}
