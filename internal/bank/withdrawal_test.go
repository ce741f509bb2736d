package bank_test

import (
	"math"
	"strings"
	"testing"

	"corebank/internal/bank"
)

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
			when:  bank.Withdraw{Amount: eur(5_00), Reference: noted.Reference, Memo: noted.Memo},
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
			or:    bank.Refusal{Code: bank.CurrencyMismatch, Field: "amount.currency", Expected: "EUR"},
		},
		"in the currency for tests": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: bank.Money{Minor: 1, Currency: "XTS"}},
			or:    bank.Refusal{Code: bank.CurrencyUnknown, Field: "amount.currency"},
		},
		"from an account that was never opened": {
			when: bank.Withdraw{Amount: eur(1)},
			or:   bank.Refusal{Code: bank.AccountNotFound, Field: "accountId"},
		},
		"with a reference of two lines": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(1), Reference: "one\r\ntwo"},
			or:    invalidInput("reference"),
		},
		"with a note that is not UTF-8": {
			given: paidIn(eur(5_00)),
			when:  bank.Withdraw{Amount: eur(1), Memo: "\xff"},
			or:    invalidInput("memo"),
		},
	})
}

func short(available, shortfall bank.Money) bank.Refusal {
	return bank.Refusal{Code: bank.InsufficientFunds, Field: "amount", Available: &available, Shortfall: &shortfall}
}
