package audit_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"corebank/internal/bank"
)

// randomLog lets a few customers ask whatever they like of the bank.
func randomLog(t *rapid.T) *testLog {
	b := newTestLog(t)
	currencies := []bank.Currency{"EUR", "JPY", "KWD"}
	minor := rapid.OneOf(rapid.Int64Range(1, 1000), rapid.Int64Range(1, math.MaxInt64))
	for i := range rapid.IntRange(0, 60).Draw(t, "requests") {
		customer := rapid.IntRange(0, 4).Draw(t, "customer")
		owner := fmt.Sprint("owner ", customer)
		id, currency := bank.NewAccountID(owner, "first"), currencies[customer%len(currencies)]
		amount := bank.Money{Minor: minor.Draw(t, "minor"), Currency: currency}
		switch key := fmt.Sprint("key-", i); rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0, 1:
			b.ask(id, owner, "first", bank.OpenAccount{Owner: owner, Currency: currency})
		case 2, 3:
			b.ask(id, "teller", key,
				bank.Deposit{Amount: amount, Details: bank.Details{Memo: rapid.StringN(0, 8, -1).Draw(t, "memo")}})
		default:
			b.ask(id, "teller", key, bank.Withdraw{Amount: amount})
		}
	}
	return b
}

// Whatever the bank decides holds against the audit, and so do its views at
// any checkpoint; the customers' total is the sum of their balances.
func TestRandomSoundLogsHaveNoFindings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := randomLog(t)
		at := rapid.IntRange(0, len(b.Records)).Draw(t, "checkpoint")
		report := auditOf(b.Records, viewsOf(t, project(t, b.Records[:at])))
		if !report.OK || report.Views.Checkpoint != int64(at) {
			t.Fatalf("findings: %v", report.Findings)
		}
		if report.Records != int64(len(b.Records)) || report.Accounts != int64(len(b.Accounts)) {
			t.Fatalf("%d records of %d accounts, want %d of %d", report.Records, report.Accounts, len(b.Records),
				len(b.Accounts))
		}
		balances := make(map[bank.Currency]*big.Int)
		for _, account := range b.Accounts {
			if balances[account.Currency] == nil {
				balances[account.Currency] = new(big.Int)
			}
			balances[account.Currency].Add(balances[account.Currency], big.NewInt(account.Balance.Minor))
		}
		for _, total := range report.Totals {
			exponent, _ := total.Currency.Exponent()
			unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exponent)), nil)
			want := new(big.Rat).SetFrac(balances[total.Currency], unit)
			customers, _ := new(big.Rat).SetString(total.Customers)
			cash, _ := new(big.Rat).SetString(total.Cash)
			if customers.Cmp(want) != 0 || new(big.Rat).Add(customers, cash).Sign() != 0 {
				t.Fatalf("%+v, want customers %s and cash its opposite", total, want.FloatString(exponent))
			}
		}
	})
}

// A balance, an amount or a posting that is off by anything is found, wherever
// it is and however long the log.
func TestAnyChangedNumberIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := randomLog(t)
		var payments []int
		for i, r := range b.Records {
			if r.Type == "money-deposited" {
				payments = append(payments, i)
			}
		}
		if len(payments) == 0 {
			return
		}
		victim := rapid.SampledFrom(payments).Draw(t, "victim")
		off := rapid.OneOf(rapid.Int64Range(1, 10), rapid.Int64()).Filter(func(n int64) bool { return n != 0 }).Draw(t, "off")
		which := rapid.IntRange(0, 3).Draw(t, "which")
		edit(&b.Records[victim], func(e *bank.MoneyDeposited) {
			*[]*int64{&e.Balance.Minor, &e.Amount.Minor, &e.Postings[0].Amount.Minor, &e.Postings[1].Amount.Minor}[which] += off
		})
		report := auditOf(b.Records, nil)
		if report.OK || report.Findings[0].Position != int64(victim+1) {
			t.Fatalf("findings: %v, want one at position %d", report.Findings, victim+1)
		}
	})
}
