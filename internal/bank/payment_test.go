package bank_test

import (
	"math"
	"strings"
	"testing"
	"time"

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
			when:  bank.Deposit{Amount: eur(5_00), Details: bank.Details{Reference: noted.Reference, Memo: noted.Memo}},
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
			or:    mismatch("amount"),
		},
		"to an account that was never opened": {
			when: bank.Deposit{Amount: eur(1)},
			or:   notFound,
		},
		"with a reference of 141 characters": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: eur(1), Details: bank.Details{Reference: strings.Repeat("r", 141)}},
			or:    invalidInput("reference"),
		},
		"with a note of 501 characters": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Deposit{Amount: eur(1), Details: bank.Details{Memo: strings.Repeat("✓", 501)}},
			or:    invalidInput("memo"),
		},
	})
}

func TestWithdrawing(t *testing.T) {
	noted := withdrawn(eur(5_00), eur(0))
	noted.Reference, noted.Memo = strings.Repeat("ä", 140), "rent"
	tell(t, map[string]story{
		"a part": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(1)},
			then:  withdrawn(eur(1), eur(4_99)),
		},
		"everything": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(5_00)},
			then:  withdrawn(eur(5_00), eur(0)),
		},
		"all that an account can hold": {
			given: paidIn(eur(math.MaxInt64)),
			when:  bank.Withdraw{Amount: eur(math.MaxInt64)},
			then:  withdrawn(eur(math.MaxInt64), eur(0)),
		},
		"with a reference of 140 characters and a note": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(5_00), Details: bank.Details{Reference: noted.Reference, Memo: noted.Memo}},
			then:  noted,
		},
		"one cent too much": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(5_01)},
			or:    short(eur(5_00), eur(1)),
		},
		"from an empty account": {
			given: []bank.Event{opened("EUR")},
			when:  bank.Withdraw{Amount: eur(math.MaxInt64)},
			or:    short(eur(0), eur(math.MaxInt64)),
		},
		"what was withdrawn before": {
			given: append(paidIn(eur(5_00)), withdrawn(eur(4_00), eur(1_00))),
			when:  bank.Withdraw{Amount: eur(4_00)},
			or:    short(eur(1_00), eur(3_00)),
		},
		"nothing": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(0)},
			or:    invalidAmount(2),
		},
		"less than nothing": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(math.MinInt64)},
			or:    invalidAmount(2),
		},
		"dollars from an account in euros": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: usd(1)},
			or:    mismatch("amount"),
		},
		"in the currency for tests": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: bank.Money{Minor: 1, Currency: "XTS"}},
			or:    bank.Refusal{Code: bank.CurrencyUnknown, Field: "amount.currency"},
		},
		"from an account that was never opened": {
			when: bank.Withdraw{Amount: eur(1)},
			or:   notFound,
		},
		"with a reference of two lines": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(1), Details: bank.Details{Reference: "one\r\ntwo"}},
			or:    invalidInput("reference"),
		},
		"with a note that is not UTF-8": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(1), Details: bank.Details{Memo: "\xff"}},
			or:    invalidInput("memo"),
		},
	})
}

func TestBackdatedPayments(t *testing.T) {
	in, out := deposited(eur(1), eur(5_01)), withdrawn(eur(1), eur(4_99))
	in.EffectiveAt, out.EffectiveAt = at(2), at(1)
	elsewhere := time.FixedZone("+02:00", 2*60*60)
	tell(t, map[string]story{
		"a deposit of a minute ago": {
			given: paidIn(eur(5_00)),
			when:  bank.Deposit{Amount: eur(1), EffectiveAt: at(2)},
			then:  in,
		},
		"in another zone and with parts of a microsecond, it is the same": {
			given: paidIn(eur(5_00)),
			when:  bank.Deposit{Amount: eur(1), EffectiveAt: at(2).In(elsewhere).Add(999 * time.Nanosecond)},
			then:  in,
		},
		"a withdrawal of when the account was opened": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(1), EffectiveAt: at(1)},
			then:  out,
		},
		"of before": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(1), EffectiveAt: at(1).Add(-time.Microsecond)},
			or:    invalidInput("effectiveAt"),
		},
		"of tomorrow": {
			given: paidIn(eur(5_00)),
			when:  bank.Deposit{Amount: eur(1), EffectiveAt: at(4)},
			or:    invalidInput("effectiveAt"),
		},
		"of tomorrow, in dollars": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: usd(1), EffectiveAt: at(4)},
			or:    invalidInput("effectiveAt"),
			also:  []bank.Code{bank.CurrencyMismatch},
		},
		"of tomorrow, to no account": {
			when: bank.Deposit{Amount: eur(1), EffectiveAt: at(4)},
			or:   invalidInput("effectiveAt"),
			also: []bank.Code{bank.AccountNotFound},
		},
	})
	if got := accountAfter(then(paidIn(eur(5_00)), in)...); got.Balance != eur(5_01) {
		t.Errorf("a payment of the past changes the balance now; it is %s", got.Balance)
	}
}
