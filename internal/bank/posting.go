package bank

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
)

// Posting is one line of double entry: an amount that moves onto (positive) or
// off (negative) a ledger account. Customer accounts are the bank's debts and
// cash its assets, so money paid in is +customer and -cash.
type Posting struct {
	LedgerAccount string `json:"account"`
	Amount        Money  `json:"amount"`
}

// CustomerLedger names the ledger account behind a customer's account.
func CustomerLedger(id AccountID) string { return "customer/" + string(id) }

// CashLedger names the bank's cash in one currency.
func CashLedger(c Currency) string { return "cash/" + string(c) }

// CheckBalanced is nil when the postings sum to zero in every currency, and
// otherwise says which currency (the first in alphabetical order) does not
// balance and by how much.
func CheckBalanced(postings []Posting) error {
	sums := make(map[Currency]*big.Int, 1) // wider than int64: a sum may pass through more than it ends with
	for _, p := range postings {
		sum, seen := sums[p.Amount.Currency]
		if !seen {
			sum = new(big.Int)
			sums[p.Amount.Currency] = sum
		}
		sum.Add(sum, big.NewInt(p.Amount.Minor))
	}
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		if sum := sums[currency]; sum.Sign() != 0 {
			return fmt.Errorf("postings in %q do not balance: off by %s minor units", string(currency), sum)
		}
	}
	return nil
}

// inAndOut are the two postings of cash paid into (positive amount) or out of
// (negative amount) an account. amount must have a negative, which every
// amount that passed a decision has.
func inAndOut(id AccountID, amount Money) []Posting {
	return []Posting{
		{LedgerAccount: CustomerLedger(id), Amount: amount},
		{LedgerAccount: CashLedger(amount.Currency), Amount: Money{Minor: -amount.Minor, Currency: amount.Currency}},
	}
}
