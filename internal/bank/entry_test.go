package bank_test

import (
	"strings"
	"testing"

	"corebank/internal/bank"
)

// TestEveryMovementIsInTheHistory: an event with postings has an entry, and the entry says what the postings say of the
// customer's ledger account. An event of a new kind fails here where its file in this package gives it a wrong entry.
func TestEveryMovementIsInTheHistory(t *testing.T) {
	for name, e := range wholeEvents() {
		entry, moved := e.Entry()
		if !moved {
			if len(e.PostingLines()) > 0 || entry != (bank.Entry{}) {
				t.Errorf("%s: %T posts %v, which is not in the history: give it an Entry in its noun's file",
					name, e, e.PostingLines())
			}
			continue
		}
		sum := bank.Money{Currency: entry.Amount.Currency}
		for _, p := range e.PostingLines() {
			if strings.HasPrefix(p.LedgerAccount, "customer/") {
				sum.Minor += p.Amount.Minor
			}
		}
		signed := entry.Amount
		if !entry.Credit {
			signed.Minor = -signed.Minor
		}
		if entry.Type == "" || signed != sum || entry.Balance.Currency != sum.Currency {
			t.Errorf("%s: the entry says %s of %s with a balance of %s, the postings %s",
				name, entry.Type, signed, entry.Balance, sum)
		}
	}
}

// TestWhatEventsAreFiledUnder is the whole list: ids in views, which never change.
func TestWhatEventsAreFiledUnder(t *testing.T) {
	refund := paidBack(1, 1, 0, 0)
	before := accountAfter(opened("EUR"), deposited(eur(9), eur(9)), received(eur(1), eur(10)))
	hold, transfer := "/hold/1", string(trip)
	back := string(refund.Transfer)
	want := map[string]string{
		"held": "/hold/4", "adjusted": hold, "captured": hold, "released": hold, "expired": hold,
		"sent": transfer, "received": transfer, "rejected": transfer, "completed": transfer, "returned": transfer,
		"paid back": back + " " + string(refund.Reverses.Transfer) + " /reversal/1",
		"reversed":  "/reversal/1",
		"posted":    string(split), "undone": string(split) + " " + string(earlierSplit) + " /reversal/1",
	}
	for name, e := range wholeEvents() {
		got := strings.ReplaceAll(strings.Join(e.Subjects(before), " "), string(before.ID), "")
		if got != want[name] {
			t.Errorf("%s is filed under %q, want %q", name, got, want[name])
		}
		if _, about := bank.HoldOf(e, 4); about != strings.Contains(got, "/hold/") {
			t.Errorf("%s is filed under %q; about a hold: %t", name, got, about)
		}
	}
	after := before.Apply(refund, at(4))
	failed := bank.TransferReturned{Transfer: refund.Transfer}
	if got := strings.Join(failed.Subjects(after), " "); got != back+" "+string(after.ID)+"/reversal/1" {
		t.Errorf("a repayment that came back is filed under %q", got)
	}
	arrived := bank.TransferReceived{Transfer: refund.Transfer, Reverses: trip}
	if got := strings.Join(arrived.Subjects(after), " "); got != back+" "+transfer {
		t.Errorf("a repayment that arrived is filed under %q", got)
	}
}
