package bank

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
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

// TransitLedger names the money that left one account and has not arrived at
// another.
func TransitLedger(c Currency) string { return "transit/" + string(c) }

// SettlementLedger names what the bank owes to those who captured holds.
func SettlementLedger(c Currency) string { return "settlement/" + string(c) }

// LedgerKind is the kind of a ledger account: customer, cash, transit or
// settlement.
func LedgerKind(ledgerAccount string) string {
	kind, _, _ := strings.Cut(ledgerAccount, "/")
	return kind
}

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
