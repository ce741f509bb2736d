package bank_test

import (
	"slices"
	"testing"
	"time"

	"corebank/internal/bank"
)

func placed(sum bank.Money, until time.Time) bank.HoldPlaced {
	return bank.HoldPlaced{Amount: sum, ExpiresAt: until}
}

func captured(hold int64, sum, balance bank.Money, remaining, released int64) bank.HoldCaptured {
	change := bank.Money{Minor: -sum.Minor, Currency: sum.Currency}
	return bank.HoldCaptured{Movement: moved(change, balance, "settlement"), Hold: hold,
		Remaining: bank.Money{Minor: remaining, Currency: sum.Currency},
		Released:  bank.Money{Minor: released, Currency: sum.Currency}}
}

func TestPlacingHolds(t *testing.T) {
	rich := paidIn(eur(100))
	noted := placed(eur(1), at(60))
	noted.Details = bank.Details{Reference: "order 7", Memo: "a bicycle", ExternalID: "pay 7"}
	week := placed(eur(100), at(3).Add(7*24*time.Hour))
	week.Defaulted = true
	full := slices.Clone(rich)
	for range bank.MaxHolds {
		full = append(full, placed(eur(1), at(1000)))
	}
	full[1] = deposited(eur(5000), eur(5000))
	tell(t, map[string]story{
		"for a week, if nothing is said": {given: rich, when: bank.PlaceHold{Amount: eur(100)}, then: week},
		"with what it is for": {given: rich, when: bank.PlaceHold{Amount: eur(1), ExpiresAt: at(60),
			Details: bank.Details{Reference: "order 7", Memo: "a bicycle", ExternalID: "pay 7"}}, then: noted},
		"for a microsecond": {given: rich, when: bank.PlaceHold{Amount: eur(1), ExpiresAt: at(3).Add(time.Microsecond)},
			then: placed(eur(1), at(3).Add(time.Microsecond))},
		"for less, which is no time": {
			given: rich,
			when:  bank.PlaceHold{Amount: eur(1), ExpiresAt: at(3).Add(999)},
			or:    invalidInput("expiresAt"),
		},
		"for a year": {given: rich, when: bank.PlaceHold{Amount: eur(1), ExpiresAt: at(3).Add(bank.MaxHoldTime)},
			then: placed(eur(1), at(3).Add(bank.MaxHoldTime))},
		"for longer": {
			given: rich,
			when:  bank.PlaceHold{Amount: eur(1), ExpiresAt: at(3).Add(bank.MaxHoldTime + time.Microsecond)},
			or:    invalidInput("expiresAt"),
		},
		"for ages": {
			given: rich,
			when:  bank.PlaceHold{Amount: eur(1), ExpiresAt: at(3).AddDate(7000, 0, 0)},
			or:    invalidInput("expiresAt"),
		},
		"until now": {given: rich, when: bank.PlaceHold{Amount: eur(1), ExpiresAt: at(3)}, or: invalidInput("expiresAt")},
		"until yesterday, of too much": {
			given: rich,
			when:  bank.PlaceHold{Amount: eur(101), ExpiresAt: at(-1440)},
			or:    invalidInput("expiresAt"),
			also:  []bank.Code{bank.InsufficientFunds},
		},
		"of too much": {given: rich, when: bank.PlaceHold{Amount: eur(101)}, or: short(eur(100), eur(1))},
		"of what is held": {
			given: then(rich, placed(eur(70), at(60))),
			when:  bank.PlaceHold{Amount: eur(31)},
			or:    short(eur(30), eur(1)),
		},
		"of what was held": {
			given: then(rich, placed(eur(70), at(4))),
			when:  bank.PlaceHold{Amount: eur(31), ExpiresAt: at(60)},
			then:  placed(eur(31), at(60)),
		},
		"of nothing":    {given: rich, when: bank.PlaceHold{Amount: eur(0)}, or: invalidAmount(2)},
		"of dollars":    {given: rich, when: bank.PlaceHold{Amount: usd(1)}, or: mismatch("amount")},
		"on no account": {when: bank.PlaceHold{Amount: eur(1)}, or: notFound},
		"with too long a note": {
			given: rich,
			when:  bank.PlaceHold{Amount: eur(1), Details: bank.Details{ExternalID: string(make([]byte, 141))}},
			or:    invalidInput("externalId"),
		},
		"one more than a person": {
			given: full,
			now:   at(999),
			when:  bank.PlaceHold{Amount: eur(1)},
			or:    bank.Refusal{Code: bank.TooManyOpenItems, Field: "accountId", Max: bank.MaxHolds},
		},
	})
}

func TestWhatIsHeldIsNotAvailable(t *testing.T) {
	held := then(paidIn(eur(100)), placed(eur(70), at(60)))
	tell(t, map[string]story{
		"to a withdrawal": {given: held, when: bank.Withdraw{Amount: eur(31)}, or: short(eur(30), eur(1))},
		"to a transfer": {
			given: held,
			when:  bank.SendTransfer{To: grace, Amount: eur(31)},
			or:    short(eur(30), eur(1)),
		},
		"to a reversal": {
			given: held,
			when:  bank.Reverse{Transaction: 2, Reason: "r"},
			or:    short(eur(30), eur(70)),
		},
		"until a moment before": {
			given: held,
			now:   at(60).Add(-time.Microsecond),
			when:  bank.Withdraw{Amount: eur(31)},
			or:    short(eur(30), eur(1)),
		},
		"and it is from the moment": {
			given: held,
			now:   at(60),
			when:  bank.Withdraw{Amount: eur(100)},
			then:  withdrawn(eur(100), eur(0)),
		},
	})
	account := accountAfter(held...)
	if account.Held(at(59)) != eur(70) || account.Available(at(59)) != eur(30) ||
		account.Held(at(60)) != eur(0) || account.Available(at(60)) != eur(100) {
		t.Errorf("held %s and then %s", account.Held(at(59)), account.Held(at(60)))
	}
}

func TestCapturingHolds(t *testing.T) {
	held := then(paidIn(eur(100)), placed(eur(70), at(60)))
	remains := func(cents int64) bank.Refusal {
		return bank.Refusal{Code: bank.AmountExceedsRemaining, Field: "amount", Remaining: amount(cents)}
	}
	partly := then(held, captured(3, eur(20), eur(80), 50, 0))
	noted := captured(3, eur(70), eur(30), 0, 0)
	noted.Details = bank.Details{Reference: "shipped", Memo: "m", ExternalID: "x"}
	gone := bank.Refusal{Code: bank.HoldEnded, Field: "holdId"}
	expired := bank.Refusal{Code: bank.ExpiredHold, Field: "holdId", Since: at(60)}

	none := bank.Refusal{Code: bank.HoldNotFound, Field: "holdId"}
	tell(t, map[string]story{
		"in full": {given: held, when: bank.CaptureHold{Hold: 3, Details: noted.Details}, then: noted},
		"in part": {
			given: held,
			when:  bank.CaptureHold{Hold: 3, Amount: amount(20)},
			then:  captured(3, eur(20), eur(80), 50, 0),
		},
		"in part, letting go of the rest": {
			given: held,
			when:  bank.CaptureHold{Hold: 3, Amount: amount(20), ReleaseRest: true},
			then:  captured(3, eur(20), eur(80), 0, 50),
		},
		"the rest": {
			given: partly,
			when:  bank.CaptureHold{Hold: 3},
			then:  captured(3, eur(50), eur(30), 0, 0),
		},
		"the rest to the cent": {
			given: partly,
			when:  bank.CaptureHold{Hold: 3, Amount: amount(50)},
			then:  captured(3, eur(50), eur(30), 0, 0),
		},
		"a cent more than the rest": {given: partly, when: bank.CaptureHold{Hold: 3, Amount: amount(51)}, or: remains(50)},
		"nothing":                   {given: held, when: bank.CaptureHold{Hold: 3, Amount: amount(0)}, or: invalidAmount(2)},
		"dollars": {
			given: held,
			when:  bank.CaptureHold{Hold: 3, Amount: &bank.Money{Minor: 1, Currency: "USD"}},
			or:    mismatch("amount"),
		},
		"a moment before the end": {
			given: held,
			now:   at(60).Add(-time.Microsecond),
			when:  bank.CaptureHold{Hold: 3},
			then:  captured(3, eur(70), eur(30), 0, 0),
		},
		"at the end": {given: held, now: at(60), when: bank.CaptureHold{Hold: 3}, or: expired},
		"after the end was noted": {
			given: then(held, bank.HoldExpired{Hold: 3, Amount: eur(70), ExpiresAt: at(60)}),
			now:   at(61),
			when:  bank.CaptureHold{Hold: 3},
			or:    expired,
		},
		"what was captured": {
			given: then(held, captured(3, eur(70), eur(30), 0, 0)),
			when:  bank.CaptureHold{Hold: 3},
			or:    gone,
		},
		"what was captured long ago": {
			given: then(held, captured(3, eur(70), eur(30), 0, 0)),
			now:   at(99),
			when:  bank.CaptureHold{Hold: 3},
			or:    gone,
		},
		"what was let go with it": {
			given: then(held, captured(3, eur(20), eur(80), 0, 50)),
			when:  bank.CaptureHold{Hold: 3},
			or:    gone,
		},
		"what was released": {
			given: then(held, bank.HoldReleased{Hold: 3, Amount: eur(70)}),
			when:  bank.CaptureHold{Hold: 3},
			or:    gone,
		},
		"what is no hold": {given: held, when: bank.CaptureHold{Hold: 2}, or: none},
		"what is to come": {given: held, when: bank.CaptureHold{Hold: 4}, or: none},
		"what never was":  {given: held, when: bank.CaptureHold{Hold: -3}, or: none},
		"from no account": {when: bank.CaptureHold{Hold: 3}, or: notFound},
		"dollars of no hold": {
			given: held,
			when:  bank.CaptureHold{Hold: 2, Amount: &bank.Money{Minor: 1, Currency: "USD"}},
			or:    mismatch("amount"),
			also:  []bank.Code{bank.HoldNotFound},
		},
		"another hold than the first": {
			given: then(held, placed(eur(30), at(50))),
			when:  bank.CaptureHold{Hold: 4},
			then:  captured(4, eur(30), eur(70), 0, 0),
		},
	})
}

func TestReleasingHolds(t *testing.T) {
	held := then(paidIn(eur(100)), placed(eur(70), at(60)))
	tell(t, map[string]story{
		"all of it": {
			given: held,
			when:  bank.ReleaseHold{Hold: 3, Reason: "cancelled"},
			then:  bank.HoldReleased{Hold: 3, Amount: eur(70), Reason: "cancelled"},
		},
		"the rest": {
			given: then(held, captured(3, eur(20), eur(80), 50, 0)),
			when:  bank.ReleaseHold{Hold: 3},
			then:  bank.HoldReleased{Hold: 3, Amount: eur(50)},
		},
		"twice": {
			given: then(held, bank.HoldReleased{Hold: 3, Amount: eur(70)}),
			when:  bank.ReleaseHold{Hold: 3},
			or:    bank.Refusal{Code: bank.HoldEnded, Field: "holdId"},
		},
		"too late": {
			given: held,
			now:   at(60),
			when:  bank.ReleaseHold{Hold: 3},
			or:    bank.Refusal{Code: bank.ExpiredHold, Field: "holdId", Since: at(60)},
		},
		"no hold": {
			given: held,
			when:  bank.ReleaseHold{Hold: 1},
			or:    bank.Refusal{Code: bank.HoldNotFound, Field: "holdId"},
		},
		"for long reasons": {
			given: held,
			when:  bank.ReleaseHold{Hold: 3, Reason: string(make([]byte, 301))},
			or:    invalidInput("reason"),
		},
	})
}

func TestNotingThatAHoldExpired(t *testing.T) {
	held := then(paidIn(eur(100)), placed(eur(70), at(60)))
	partly := then(held, captured(3, eur(20), eur(80), 50, 0))
	none := bank.Refusal{Code: bank.HoldNotFound, Field: "holdId"}
	tell(t, map[string]story{
		"when it has": {
			given: held,
			now:   at(60),
			when:  bank.ExpireHold{Hold: 3},
			then:  bank.HoldExpired{Hold: 3, Amount: eur(70), ExpiresAt: at(60)},
		},
		"what was left of it": {
			given: partly,
			now:   at(99),
			when:  bank.ExpireHold{Hold: 3},
			then:  bank.HoldExpired{Hold: 3, Amount: eur(50), ExpiresAt: at(60)},
		},
		"too early": {
			given: held,
			now:   at(60).Add(-time.Microsecond),
			when:  bank.ExpireHold{Hold: 3},
			or:    invalidInput("hold"),
		},
		"twice": {
			given: then(held, bank.HoldExpired{Hold: 3, Amount: eur(70)}),
			now:   at(99),
			when:  bank.ExpireHold{Hold: 3},
			or:    none,
		},
		"when there was none": {given: held, now: at(99), when: bank.ExpireHold{Hold: 2}, or: none},
	})
}

func TestHoldsInTheAccount(t *testing.T) {
	account := accountAfter(then(paidIn(eur(100)), placed(eur(30), at(60)), placed(eur(40), at(50)),
		captured(3, eur(10), eur(90), 20, 0))...)
	want := []bank.Hold{
		{Version: 3, Amount: eur(30), Remaining: eur(20), PlacedAt: at(3), ExpiresAt: at(60)},
		{Version: 4, Amount: eur(40), Remaining: eur(40), PlacedAt: at(4), ExpiresAt: at(50)},
	}
	if !slices.Equal(account.Holds, want) {
		t.Errorf("holds %+v, want %+v", account.Holds, want)
	}
	ended := account.Apply(bank.HoldReleased{Hold: 3, Amount: eur(20)}, at(6)).
		Apply(bank.HoldExpired{Hold: 4, Amount: eur(40)}, at(7))
	if len(ended.Holds) != 0 || ended.Balance != eur(90) || !slices.Equal(account.Holds, want) {
		t.Errorf("holds %+v of %s, before %+v", ended.Holds, ended.Balance, account.Holds)
	}
}
