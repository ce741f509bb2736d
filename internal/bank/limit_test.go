package bank_test

import (
	"math"
	"testing"
	"time"

	"corebank/internal/bank"
)

func limited(perTransaction, perDay *bank.Money) bank.LimitsSet {
	return bank.LimitsSet{Limits: bank.Limits{Overdraft: eur(0), PerTransaction: perTransaction, PerDay: perDay}}
}

func TestSettingLimits(t *testing.T) {
	savings := bank.AccountOpened{Owner: "Ada Lovelace", Currency: "EUR", Kind: bank.Savings}
	inUse := func(used int64) bank.Refusal {
		return bank.Refusal{Code: bank.OverdraftInUse, Field: "overdraft", Remaining: amount(used)}
	}
	set := func(overdraft bank.Money, perTransaction, perDay *bank.Money) bank.SetLimits {
		return bank.SetLimits{Limits: bank.Limits{Overdraft: overdraft, PerTransaction: perTransaction, PerDay: perDay}}
	}
	dollars, nothing := usd(5), eur(0)
	decimals := 2
	tell(t, map[string]story{
		"all of them": {
			given: []bank.Event{opened("EUR")},
			when:  set(eur(500), amount(100), amount(200)),
			then:  bank.LimitsSet{Limits: bank.Limits{Overdraft: eur(500), PerTransaction: amount(100), PerDay: amount(200)}},
		},
		"none, in place of all": {
			given: []bank.Event{opened("EUR"), limited(amount(1), amount(1))},
			when:  bank.SetLimits{},
			then:  overdraft(0),
		},
		"an overdraft of zero in the account's currency": {
			given: []bank.Event{opened("EUR")},
			when:  set(eur(0), nil, nil),
			then:  overdraft(0),
		},
		"the largest overdraft of an empty account": {
			given: []bank.Event{opened("EUR")},
			when:  set(eur(math.MaxInt64), nil, nil),
			then:  overdraft(math.MaxInt64),
		},
		"the largest overdraft beside a balance": {
			given: paidIn(eur(7)), when: set(eur(math.MaxInt64-7), nil, nil), then: overdraft(math.MaxInt64 - 7)},
		"an overdraft that would not fit beside a balance": {
			given: paidIn(eur(7)),
			when:  set(eur(math.MaxInt64-6), nil, nil),
			or:    bank.Refusal{Code: bank.BalanceTooLarge, Field: "overdraft"},
		},
		"an overdraft that would not fit beside what may come back": {
			given: then(paidIn(eur(7)), sent(eur(7), eur(0))), when: set(eur(math.MaxInt64-6), nil, nil),
			or: bank.Refusal{Code: bank.BalanceTooLarge, Field: "overdraft"}},
		"exactly what is in use": {
			given: []bank.Event{opened("EUR"), overdraft(9), withdrawn(eur(4), eur(-4)), placed(eur(3), at(60))},
			when:  set(eur(7), nil, nil), then: overdraft(7)},
		"less than what is in use": {
			given: []bank.Event{opened("EUR"), overdraft(9), withdrawn(eur(4), eur(-4)), placed(eur(3), at(60))},
			when:  set(eur(6), nil, nil), or: inUse(7)},
		"less than a hold that has expired": {
			given: []bank.Event{opened("EUR"), overdraft(9), withdrawn(eur(4), eur(-4)), placed(eur(3), at(5))},
			when:  set(eur(4), nil, nil), then: overdraft(4)},
		"of savings": {given: []bank.Event{savings}, when: set(bank.Money{}, amount(5), nil), then: limited(amount(5), nil)},
		"an overdraft of savings": {given: []bank.Event{savings}, when: set(eur(1), nil, nil),
			or: bank.Refusal{Code: bank.OverdraftNotAllowed, Field: "overdraft"}},
		"an overdraft in dollars": {
			given: []bank.Event{opened("EUR")},
			when:  set(dollars, nil, nil),
			or:    mismatch("overdraft"),
		},
		"no overdraft, in dollars": {
			given: []bank.Event{opened("EUR")},
			when:  set(usd(0), nil, nil),
			or:    mismatch("overdraft"),
		},
		"a day in dollars": {
			given: []bank.Event{opened("EUR")},
			when:  set(eur(1), nil, &dollars),
			or:    mismatch("debitPerDay"),
		},
		"a transaction in dollars": {
			given: []bank.Event{opened("EUR")},
			when:  set(bank.Money{}, &dollars, nil),
			or:    mismatch("debitPerTransaction"),
		},
		"an overdraft below zero": {
			given: []bank.Event{opened("EUR")},
			when:  set(eur(-1), nil, nil),
			or:    bank.Refusal{Code: bank.AmountInvalid, Field: "overdraft.value", MaxPrecision: &decimals},
		},
		"no overdraft, in shells": {
			given: []bank.Event{opened("EUR")},
			when:  set(bank.Money{Currency: "XXX"}, nil, nil),
			or:    bank.Refusal{Code: bank.CurrencyUnknown, Field: "overdraft.currency"},
		},
		"an overdraft in nothing": {
			given: []bank.Event{opened("EUR")},
			when:  set(bank.Money{Minor: 1}, nil, nil),
			or:    bank.Refusal{Code: bank.CurrencyUnknown, Field: "overdraft.currency"},
		},
		"a limit of nothing": {
			given: []bank.Event{opened("EUR")},
			when:  set(eur(0), &nothing, nil),
			or:    bank.Refusal{Code: bank.AmountInvalid, Field: "debitPerTransaction.value", MaxPrecision: &decimals},
		},
		"of no account": {when: bank.SetLimits{}, or: notFound},
		"of a closed account": {
			given: []bank.Event{opened("EUR"), bank.AccountClosed{}},
			when:  bank.SetLimits{},
			or:    closed(2),
		},
		"everything wrong, in order": {
			given: []bank.Event{opened("EUR")},
			when:  set(eur(-1), &bank.Money{Minor: 1}, &nothing),
			or:    bank.Refusal{Code: bank.CurrencyUnknown, Field: "debitPerTransaction.currency"},
			also:  []bank.Code{bank.AmountInvalid, bank.AmountInvalid},
		},
	})
}

func TestOverdrafts(t *testing.T) {
	given := then(paidIn(eur(3)), overdraft(5))
	tell(t, map[string]story{
		"are available":       {given: given, when: bank.Withdraw{Amount: eur(8)}, then: withdrawn(eur(8), eur(-5))},
		"and not a cent more": {given: given, when: bank.Withdraw{Amount: eur(9)}, or: short(eur(8), eur(1))},
		"for transfers":       {given: given, when: bank.SendTransfer{To: grace, Amount: eur(9)}, or: short(eur(8), eur(1))},
		"for holds":           {given: given, when: bank.PlaceHold{Amount: eur(9)}, or: short(eur(8), eur(1))},
		"leave room for less": {given: then(paidIn(eur(3)), overdraft(math.MaxInt64-5)), when: bank.Deposit{Amount: eur(3)},
			or: bank.Refusal{Code: bank.BalanceTooLarge, Field: "amount"}},
		"leave the rest": {
			given: then(paidIn(eur(3)), overdraft(math.MaxInt64-5)),
			when:  bank.Deposit{Amount: eur(2)},
			then:  deposited(eur(2), eur(5)),
		},
	})
}

func TestDebitLimits(t *testing.T) {
	rich := then(paidIn(eur(1000)), limited(amount(100), amount(150)))
	spent := then(rich, withdrawn(eur(100), eur(900)))
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	single := bank.Refusal{Code: bank.LimitExceeded, Field: "amount", Limit: amount(100), Remaining: amount(100)}
	daily := func(remaining int64) bank.Refusal {
		return bank.Refusal{Code: bank.LimitExceeded, Field: "amount",
			Limit: amount(150), Remaining: amount(remaining), ResetsAt: midnight}
	}
	lower := daily(0)
	lower.Limit = amount(90)
	held := placed(eur(20), at(60))
	tell(t, map[string]story{
		"as much as one may":       {given: rich, when: bank.Withdraw{Amount: eur(100)}, then: withdrawn(eur(100), eur(900))},
		"a cent more":              {given: rich, when: bank.Withdraw{Amount: eur(101)}, or: single},
		"a cent more, transferred": {given: rich, when: bank.SendTransfer{To: grace, Amount: eur(101)}, or: single},
		"a cent more, held":        {given: rich, when: bank.PlaceHold{Amount: eur(101)}, or: single},
		"more than all limits": {
			given: rich,
			when:  bank.Withdraw{Amount: eur(1001)},
			or:    single,
			also:  []bank.Code{bank.LimitExceeded, bank.InsufficientFunds},
		},
		"the rest of the day":     {given: spent, when: bank.Withdraw{Amount: eur(50)}, then: withdrawn(eur(50), eur(850))},
		"more than the rest":      {given: spent, when: bank.Withdraw{Amount: eur(51)}, or: daily(50)},
		"more, transferred":       {given: spent, when: bank.SendTransfer{To: grace, Amount: eur(51)}, or: daily(50)},
		"more, held":              {given: spent, when: bank.PlaceHold{Amount: eur(51)}, or: daily(50)},
		"holds count when placed": {given: then(spent, held), when: bank.Withdraw{Amount: eur(31)}, or: daily(30)},
		"and are not given back": {
			given: then(spent, held, bank.HoldReleased{Hold: 5, Amount: eur(20)}),
			when:  bank.Withdraw{Amount: eur(31)},
			or:    daily(30),
		},
		"nor counted twice": {
			given: then(spent, held, captured(5, eur(20), eur(880), 0, 0)),
			when:  bank.Withdraw{Amount: eur(30)},
			then:  withdrawn(eur(30), eur(850)),
		},
		"transfers count": {
			given: then(spent, sent(eur(20), eur(880))),
			when:  bank.Withdraw{Amount: eur(31)},
			or:    daily(30),
		},
		"a lower limit later": {
			given: then(spent, limited(nil, amount(90))),
			when:  bank.Withdraw{Amount: eur(1)},
			or:    lower,
		},
		"a microsecond too early": {
			given: spent,
			now:   midnight.Add(-time.Microsecond),
			when:  bank.Withdraw{Amount: eur(51)},
			or:    daily(50),
		},
		"midnight": {
			given: spent,
			now:   midnight,
			when:  bank.Withdraw{Amount: eur(100)},
			then:  withdrawn(eur(100), eur(800)),
		},
	})
}

func TestReversalsKnowNoDebitLimits(t *testing.T) {
	tell(t, map[string]story{"a deposit beyond both": {
		given: then(paidIn(eur(1000)), limited(amount(100), amount(150))),
		when:  bank.Reverse{Transaction: 2, Reason: "r"},
		then: bank.TransactionReversed{Movement: moved(eur(-1000), eur(0), "cash"),
			Transaction: 2, Remaining: eur(0), Reason: "r"},
	}})
}

// TestTheDaysSumNeverOverflows: a day may see more than an account can hold.
func TestTheDaysSumNeverOverflows(t *testing.T) {
	most := eur(math.MaxInt64)
	account := accountAfter(opened("EUR"), deposited(most, most), withdrawn(most, eur(0)),
		deposited(most, most), withdrawn(most, eur(0)), deposited(most, most), limited(nil, &most))
	if got := account.SpentOn(at(8)); got != most {
		t.Errorf("spent %s", got)
	}
	_, refusal := account.Decide(bank.Withdraw{Amount: eur(1)}, bank.Circumstances{Now: at(8)})
	if refusal == nil || refusal.Code != bank.LimitExceeded {
		t.Errorf("%+v", refusal)
	}
	if got := account.SpentOn(at(8).AddDate(0, 0, 1)); got != eur(0) {
		t.Errorf("spent %s on a new day", got)
	}
}
