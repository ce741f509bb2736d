package bank_test

import (
	"slices"
	"testing"

	"corebank/internal/bank"
)

// undoing is the leg that undoes one of the same account.
func undoing(number, of int, change, balance bank.Money, version int64) bank.LegPosted {
	e := leg(number, of, change, balance)
	e.Reverses = &bank.LegReversal{Journal: earlierSplit, Version: version, Reason: "mistake"}
	return e
}

// earlierSplit is what was posted before, under another key.
var earlierSplit = bank.NewJournalID(ada, "earlier")

// split2 are Ada's and Grace's accounts after Ada paid 2.00 of 5.00 to Grace, with versions 3 and 2; whole is her leg.
func split2() (given map[bank.AccountID][]bank.Event, whole bank.LegPosted) {
	home := bank.EventAt{Account: ada, Version: 3}
	paid, got := leg(1, 2, eur(-2_00), eur(3_00)), leg(2, 2, eur(2_00), eur(2_00))
	paid.Journal, got.Journal, got.Home = earlierSplit, earlierSplit, &home
	paid.Legs = []bank.PostedLeg{placedLeg(ada, 3, eur(-2_00)), placedLeg(grace, 2, eur(2_00))}
	return histories(then(paidIn(eur(5_00)), paid), []bank.Event{opened("EUR"), got}), paid
}

func TestReversingTransactions(t *testing.T) {
	given, whole := split2()
	after := func(adas, graces []bank.Event) map[bank.AccountID][]bank.Event {
		return histories(then(given[ada], adas...), then(given[grace], graces...))
	}
	undone := []bank.Decided{
		asHome(undoing(2, 2, eur(2_00), eur(5_00), 3), placedLeg(grace, 3, eur(-2_00)), placedLeg(ada, 4, eur(2_00))),
		asStep(grace, undoing(1, 2, eur(-2_00), eur(0), 2), bank.EventAt{Account: ada, Version: 4}),
	}
	already := bank.Refusal{Code: bank.AlreadyReversed, Field: "transactionId", By: 4}
	tellTogether(t, map[string]joint{
		"all legs, the last first": {given: given, when: reverse(3), then: undone},
		"beyond the limits of other debits": {
			given: after(nil, []bank.Event{limited(amount(1), amount(1))}), when: reverse(3),
			then: []bank.Decided{
				asHome(undoing(2, 2, eur(2_00), eur(5_00), 3), placedLeg(grace, 4, eur(-2_00)), placedLeg(ada, 4, eur(2_00))),
				asStep(grace, undoing(1, 2, eur(-2_00), eur(0), 2), bank.EventAt{Account: ada, Version: 4})}},
		"not twice": {given: after([]bank.Event{undone[0].Event}, []bank.Event{undone[1].Event}), when: reverse(3),
			or: already},
		"not in part": {given: given, when: reversePart(3, 1), or: invalidInput("amount")},
		"not what was spent elsewhere": {given: after(nil, []bank.Event{withdrawn(eur(1), eur(1_99))}), when: reverse(3),
			or: refusedLeg(1, short(eur(1_99), eur(1)))},
		"not while another account is frozen": {given: after(nil, []bank.Event{frozenDebits}), when: reverse(3),
			or: refusedLeg(1, frozen(3))},
		"not while its own is": {given: after([]bank.Event{frozenCredits}, nil), when: reverse(3),
			or: refusedLeg(0, frozen(4))},
		"not when another account is closed": {
			given: after(nil, []bank.Event{withdrawn(eur(2_00), eur(0)), bank.AccountClosed{}}), when: reverse(3),
			or: refusedLeg(1, closed(4))},
		"without a reason": {given: given, when: bank.Reverse{Transaction: 3}, or: invalidInput("reason")},
		"on what is closed": {
			given: after([]bank.Event{withdrawn(eur(3_00), eur(0)), bank.AccountClosed{}}, nil), when: reverse(3),
			or: closed(5)},
	})
	again := joint{given: after([]bank.Event{undone[0].Event}, nil), when: reverse(4)}
	if parties := bank.Parties(again.when, again.party(ada).Account, again.circumstances()); parties != nil {
		t.Errorf("the reversal of a reversal concerns %v", parties)
	}
	_, refusal := again.party(ada).Decide(again.when, bank.Circumstances{Now: at(9), Key: "k", Past: undone[0].Event})
	if refusal == nil || refusal.Code != bank.NotReversible {
		t.Errorf("the reversal of a reversal: %+v", refusal)
	}
	_, refusal = again.party(ada).Decide(reverse(3), bank.Circumstances{Now: at(9), Key: "k", Past: whole})
	if refusal == nil || refusal.Code != bank.AccountsApart {
		t.Errorf("alone: %+v", refusal)
	}
}

// TestReversingWhereALegIs: any leg's account may be asked; the others are found where its leg says.
func TestReversingWhereALegIs(t *testing.T) {
	home := bank.EventAt{Account: grace, Version: 3}
	got, taken, back := leg(2, 3, eur(2_00), eur(2_00)), leg(3, 3, eur(-1), eur(1_99)), leg(1, 3, eur(-1_99), eur(3_01))
	got.Journal, taken.Journal, back.Journal = earlierSplit, earlierSplit, earlierSplit
	got.Home, taken.Home = &home, &home
	back.Legs = []bank.PostedLeg{placedLeg(grace, 3, eur(-1_99)), placedLeg(ada, 2, eur(2_00)), placedLeg(ada, 3, eur(-1))}
	given := histories([]bank.Event{opened("EUR"), got, taken}, then(paidIn(eur(5_00)), back))
	first := undoing(1, 3, eur(1), eur(2_00), 3)
	asked := first
	asked.Reverses = &bank.LegReversal{Journal: earlierSplit, Version: 3, Reason: "mistake", Asked: 2}
	all := []bank.PostedLeg{placedLeg(ada, 4, eur(1)), placedLeg(ada, 5, eur(-2_00)), placedLeg(grace, 4, eur(1_99))}
	here := bank.EventAt{Account: ada, Version: 4}
	others := []bank.Decided{asStep(ada, undoing(2, 3, eur(-2_00), eur(0), 2), here),
		asStep(grace, undoing(3, 3, eur(1_99), eur(5_00), 3), here)}
	tellTogether(t, map[string]joint{
		"the last leg": {given: given, when: reverse(3), whole: back,
			then: append([]bank.Decided{asHome(first, all...)}, others...)},
		"the leg before it": {given: given, when: reverse(2), whole: back,
			then: append([]bank.Decided{asHome(asked, all...)}, others...)},
	})
	if id, version, elsewhere := bank.WholeOf(got); !elsewhere || id != grace || version != 3 {
		t.Errorf("all legs are at version %d of %s (%t)", version, id, elsewhere)
	}
	for _, e := range []bank.Event{back, deposited(eur(1), eur(1)), nil} {
		if _, _, elsewhere := bank.WholeOf(e); elsewhere {
			t.Errorf("%+v has its whole elsewhere", e)
		}
	}
	if got := bank.Parties(reverse(3), accountAfter(given[ada]...), bank.Circumstances{Past: taken}); got != nil {
		t.Errorf("without all legs, the parties are %v", got)
	}
}

// TestTheReversedLegsAreBounded: in every account of the legs.
func TestTheReversedLegsAreBounded(t *testing.T) {
	given, _ := split2()
	j := joint{given: given, when: reverse(3)}
	full := func(id bank.AccountID) bank.Party {
		p := j.party(id)
		if id == grace {
			p.Version = bank.MaxReversed + 10
			for version := range int64(bank.MaxReversed) {
				p.Reversed = append(p.Reversed, bank.Reversed{Version: version + 3, Minor: 1, By: version + 4})
			}
		}
		return p
	}
	_, broken := bank.DecideTogether(j.when, ada, full, j.circumstances())
	if !slices.Equal(codes(broken), []bank.Code{bank.NotReversible}) || *broken[0].Leg != 1 {
		t.Errorf("one more: %v", codes(broken))
	}
}
