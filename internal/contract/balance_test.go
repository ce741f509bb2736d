package contract_test

import (
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Nothing comes into the log that would break its sum: not one cent, and not
// one currency against another.
func TestWhatDoesNotBalanceIsNotStored(t *testing.T) {
	eur := func(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "EUR"} }
	lines := func(customer, cash bank.Money) []bank.Posting {
		return []bank.Posting{{LedgerAccount: "customer/acc_x", Amount: customer}, {LedgerAccount: "cash/EUR", Amount: cash}}
	}
	for name, postings := range map[string][]bank.Posting{
		"one cent off":     lines(eur(500), eur(-499)),
		"one side":         lines(eur(500), eur(-500))[:1],
		"the same sign":    lines(eur(500), eur(500)),
		"another currency": lines(eur(500), bank.Money{Minor: -500, Currency: "USD"}),
	} {
		var r contract.Record
		for _, event := range []bank.Event{
			bank.MoneyDeposited{Movement: bank.Movement{Amount: eur(500), Balance: eur(500), Postings: postings}},
			bank.MoneyWithdrawn{Movement: bank.Movement{Amount: eur(500), Balance: eur(0), Postings: postings}},
		} {
			if err := r.SetEvent(event); err == nil || !strings.Contains(err.Error(), "do not balance") || r.Data != nil {
				t.Errorf("%s: %T became %s (%v), want an error", name, event, r.Data, err)
			}
		}
	}
}
