package bank_test

import (
	"testing"
	"time"

	"corebank/internal/bank"
)

// adjusted is what became of a hold: its total, what it still keeps back and until when.
func adjusted(hold, total, remaining int64, until time.Time, changed ...string) bank.HoldAdjusted {
	return bank.HoldAdjusted{Hold: hold, Changed: changed, Amount: eur(total), Remaining: eur(remaining), ExpiresAt: until}
}

func TestAdjustingHolds(t *testing.T) {
	held := then(paidIn(eur(100)), placed(eur(60), at(60)))    // version 3
	tapped := then(held, captured(3, eur(20), eur(80), 40, 0)) // 40 of 60 are still held
	capped := then(held, limited(amount(80), amount(90)))
	adjust := func(total int64) bank.AdjustHold { return bank.AdjustHold{Hold: 3, Amount: amount(total)} }
	until := func(at time.Time) bank.AdjustHold { return bank.AdjustHold{Hold: 3, ExpiresAt: at} }
	tell(t, map[string]story{
		"raised":               {given: held, when: adjust(100), then: adjusted(3, 100, 100, at(60), "amount")},
		"raised by too much":   {given: held, when: adjust(101), or: short(eur(40), eur(1))},
		"lowered":              {given: held, when: adjust(1), then: adjusted(3, 1, 1, at(60), "amount")},
		"raised after capture": {given: tapped, when: adjust(100), then: adjusted(3, 100, 80, at(60), "amount")},
		"lowered to little more than was captured": {
			given: tapped,
			when:  adjust(21),
			then:  adjusted(3, 21, 1, at(60), "amount"),
		},
		"lowered to what was captured": {given: tapped, when: adjust(20), or: invalidInput("amount")},
		"prolonged": {
			given: held,
			when:  until(at(90)),
			then:  adjusted(3, 60, 60, at(90), "expiresAt"),
		},
		"shortened": {
			given: held,
			when:  until(at(59)),
			or:    invalidInput("expiresAt"),
		},
		"raised and prolonged": {given: held, when: bank.AdjustHold{Hold: 3, Amount: amount(61), ExpiresAt: at(90)},
			then: adjusted(3, 61, 61, at(90), "expiresAt", "amount")},
		"until now": {given: held, when: until(at(4)), or: invalidInput("expiresAt")},
		"for longer than a year": {
			given: held,
			when:  until(at(4).Add(bank.MaxHoldTime + time.Microsecond)),
			or:    invalidInput("expiresAt"),
		},
		"to what it is": {
			given: held,
			when:  bank.AdjustHold{Hold: 3, Amount: amount(60), ExpiresAt: at(60)},
			or:    invalidInput("input"),
		},
		"to nothing": {given: held, when: bank.AdjustHold{Hold: 3}, or: invalidInput("input")},
		"to zero":    {given: held, when: adjust(0), or: invalidAmount(2)},
		"to dollars": {
			given: held,
			when:  bank.AdjustHold{Hold: 3, Amount: &bank.Money{Minor: 70, Currency: "USD"}},
			or:    mismatch("amount"),
		},
		"raised to the limit":        {given: capped, when: adjust(80), then: adjusted(3, 80, 80, at(60), "amount")},
		"lowered beneath the limits": {given: capped, when: adjust(2), then: adjusted(3, 2, 2, at(60), "amount")},
		"no hold": {
			given: held,
			when:  bank.AdjustHold{Hold: 2, Amount: amount(70)},
			or:    bank.Refusal{Code: bank.HoldNotFound, Field: "holdId"},
		},
		"one that was released": {given: then(held, bank.HoldReleased{Hold: 3, Amount: eur(60)}), when: adjust(70),
			or: bank.Refusal{Code: bank.HoldEnded, Field: "holdId"}},
		"one that has expired": {
			given: held,
			now:   at(60),
			when:  adjust(70),
			or:    bank.Refusal{Code: bank.ExpiredHold, Field: "holdId", Since: at(60)},
		},
		"while debits are frozen": {given: then(held, frozenDebits), when: adjust(70), or: frozen(4)},
		"of no account":           {when: adjust(70), or: notFound},
	})
}

// TestARaiseCountsTowardsTheLimits by the difference per day, and with the total per transaction.
func TestARaiseCountsTowardsTheLimits(t *testing.T) {
	account := accountAfter(opened("EUR"), deposited(eur(500), eur(500)), placed(eur(60), at(60)),
		bank.LimitsSet{Limits: bank.Limits{Overdraft: eur(0), PerTransaction: amount(80), PerDay: amount(70)}})
	for total, want := range map[int64]bank.Code{70: "", 71: bank.LimitExceeded, 81: bank.LimitExceeded, 10: ""} {
		raise := bank.AdjustHold{Hold: 3, Amount: amount(total)}
		_, refusal := account.Decide(raise, bank.Circumstances{Now: at(9), Key: "key"})
		if got := refusal; (got == nil) != (want == "") || got != nil && got.Code != want {
			t.Errorf("to %d: %+v, want %q", total, refusal, want)
		}
	}
	raised := account.Apply(adjusted(3, 70, 70, at(60), "amount"), at(5))
	lowered := raised.Apply(adjusted(3, 10, 10, at(60), "amount"), at(6))
	if raised.SpentOn(at(9)) != eur(70) || lowered.SpentOn(at(9)) != eur(70) || lowered.Held(at(9)) != eur(10) {
		t.Errorf("spent %s and %s, held %s", raised.SpentOn(at(9)), lowered.SpentOn(at(9)), lowered.Held(at(9)))
	}
}
