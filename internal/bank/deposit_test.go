package bank_test

import (
	"math"
	"strings"
	"testing"

	"corebank/internal/bank"
)

func TestDepositing(t *testing.T) {
	noted := deposited(eur(5_00), eur(5_00))
	noted.Reference, noted.Memo = "invoice 7", strings.Repeat("✓", 500)
	tell(t, map[string]story{
		"the first money": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: eur(5_00)},
			then:  deposited(eur(5_00), eur(5_00)),
		},
		"one cent more": {
			given: paidIn(eur(5_00)),
			when:  bank.Deposit{Amount: eur(1)},
			then:  deposited(eur(1), eur(5_01)),
		},
		"yen": {
			given: []bank.Event{opened("JPY")},
			when:  bank.Deposit{Amount: jpy(100)},
			then:  deposited(jpy(100), jpy(100)),
		},
		"with a reference and a note of 500 characters": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: eur(5_00), Reference: noted.Reference, Memo: noted.Memo},
			then:  noted,
		},
		"as much as an account can hold": {
			given: paidIn(eur(1)),
			when:  bank.Deposit{Amount: eur(math.MaxInt64 - 1)},
			then:  deposited(eur(math.MaxInt64-1), eur(math.MaxInt64)),
		},
		"one cent more than an account can hold": {
			given: paidIn(eur(1)),
			when:  bank.Deposit{Amount: eur(math.MaxInt64)},
			or:    bank.Refusal{Code: bank.BalanceTooLarge, Field: "amount"},
		},
		"nothing": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: eur(0)},
			or:    invalidAmount(2),
		},
		"a debt": {
			given: []bank.Event{opened("JPY")},
			when:  bank.Deposit{Amount: jpy(-1)},
			or:    invalidAmount(0),
		},
		"the debt that has no opposite": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: eur(math.MinInt64)},
			or:    invalidAmount(2),
		},
		"no currency": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: bank.Money{Minor: 1}},
			or:    bank.Refusal{Code: bank.CurrencyUnknown, Field: "amount.currency"},
		},
		"a currency in small letters": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: bank.Money{Minor: 1, Currency: "eur"}},
			or:    bank.Refusal{Code: bank.CurrencyUnknown, Field: "amount.currency"},
		},
		"dollars to an account in euros": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: usd(1)},
			or:    bank.Refusal{Code: bank.CurrencyMismatch, Field: "amount.currency", Expected: "EUR"},
		},
		"to an account that was never opened": {
			when: bank.Deposit{Amount: eur(1)},
			or:   bank.Refusal{Code: bank.AccountNotFound, Field: "accountId"},
		},
		"with a reference of 141 characters": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: eur(1), Reference: strings.Repeat("r", 141)},
			or:    invalidInput("reference"),
		},
		"with a note of 501 characters": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: eur(1), Memo: strings.Repeat("✓", 501)},
			or:    invalidInput("memo"),
		},
	})
}
