package bank_test

import (
	"math"
	"strings"
	"testing"

	"corebank/internal/bank"
)

func TestPostingsBalance(t *testing.T) {
	lines := func(amounts ...bank.Money) (postings []bank.Posting) {
		for _, amount := range amounts {
			postings = append(postings, bank.Posting{LedgerAccount: bank.CashLedger(amount.Currency), Amount: amount})
		}
		return postings
	}
	largest, smallest := eur(math.MaxInt64), eur(math.MinInt64)
	for name, test := range map[string]struct {
		postings []bank.Posting
		complain string // "" for nothing
	}{
		"none":                         {nil, ""},
		"in and out":                   {lines(eur(5), eur(-5)), ""},
		"one to many":                  {lines(eur(5), eur(-3), eur(-2)), ""},
		"two currencies, each":         {lines(eur(5), usd(7), eur(-5), usd(-7)), ""},
		"more than 64 bits on the way": {lines(largest, eur(1), largest, smallest, eur(-math.MaxInt64)), ""},
		"alone":                        {lines(eur(5)), `"EUR" do not balance: off by 5 `},
		"one cent off":                 {lines(eur(5), eur(-4)), `"EUR" do not balance: off by 1 `},
		"across currencies":            {lines(usd(5), eur(-5)), `"EUR" do not balance: off by -5 `},
		"a sum that wraps to zero":     {lines(smallest, smallest), `off by -18446744073709551616 `},
	} {
		t.Run(name, func(t *testing.T) {
			err := bank.CheckBalanced(test.postings)
			if (err == nil) != (test.complain == "") || err != nil && !strings.Contains(err.Error(), test.complain) {
				t.Errorf("complained %v, want %q", err, test.complain)
			}
		})
	}
}

func TestEventsNameTheirPostings(t *testing.T) {
	if lines := opened("EUR").PostingLines(); lines != nil {
		t.Errorf("an opening moves %v", lines)
	}
	in, out := deposited(eur(5), eur(5)), withdrawn(eur(5), eur(0))
	if got := in.PostingLines(); len(got) != 2 || got[0] != in.Postings[0] || got[1] != in.Postings[1] {
		t.Errorf("a deposit moves %v", got)
	}
	if got := out.PostingLines(); len(got) != 2 || got[0] != out.Postings[0] || got[1] != out.Postings[1] {
		t.Errorf("a withdrawal moves %v", got)
	}
	if got := bank.CustomerLedger(ada); got != "customer/"+string(ada) {
		t.Errorf("the customer's ledger account is %s", got)
	}
}
