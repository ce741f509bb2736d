package bank_test

import (
	"strings"
	"testing"

	"corebank/internal/bank"
)

func TestFreezing(t *testing.T) {
	rich := paidIn(eur(5))
	tell(t, map[string]story{
		"debits": {
			given: rich,
			when:  bank.FreezeAccount{Debits: true, Reason: "court order"},
			then:  bank.AccountFrozen{Debits: true, Reason: "court order", By: "grace"},
		},
		"everything, in place of an earlier freeze": {
			given: then(rich, frozenDebits),
			when:  bank.FreezeAccount{Debits: true, Credits: true, Reason: "fraud"},
			then:  bank.AccountFrozen{Debits: true, Credits: true, Reason: "fraud", By: "grace"},
		},
		"nothing": {
			given: rich,
			when:  bank.FreezeAccount{Reason: "court order"},
			or:    invalidInput("scope"),
		},
		"without a reason": {
			given: rich,
			when:  bank.FreezeAccount{Credits: true},
			or:    invalidInput("reason"),
		},
		"an account that does not exist": {when: bank.FreezeAccount{Debits: true, Reason: "r"}, or: notFound},
		"a closed account": {
			given: []bank.Event{opened("EUR"), bank.AccountClosed{}},
			when:  bank.FreezeAccount{Debits: true, Reason: "r"},
			or:    closed(2),
		},
		"what is frozen, no longer": {
			given: then(rich, frozenDebits),
			when:  bank.UnfreezeAccount{Reason: "order lifted"},
			then:  bank.AccountUnfrozen{Reason: "order lifted"},
		},
		"what is not frozen": {
			given: rich,
			when:  bank.UnfreezeAccount{},
			or:    bank.Refusal{Code: bank.AccountNotFrozen, Field: "accountId"},
		},
		"twice no longer": {
			given: then(rich, frozenCredits, bank.AccountUnfrozen{}),
			when:  bank.UnfreezeAccount{},
			or:    bank.Refusal{Code: bank.AccountNotFrozen, Field: "accountId"},
		},
		"no longer, for long reasons": {
			given: then(rich, frozenDebits),
			when:  bank.UnfreezeAccount{Reason: strings.Repeat("r", 301)},
			or:    invalidInput("reason"),
		},
	})
}

func TestWhatAFreezeStops(t *testing.T) {
	rich := paidIn(eur(5))
	held := then(rich, placed(eur(2), at(60)))
	got := received(eur(5), eur(10))
	tell(t, map[string]story{
		"a withdrawal": {given: then(rich, frozenDebits), when: bank.Withdraw{Amount: eur(1)}, or: frozen(3)},
		"a withdrawal of too much": {given: then(rich, frozenDebits), when: bank.Withdraw{Amount: eur(6)}, or: frozen(3),
			also: []bank.Code{bank.InsufficientFunds}},
		"a transfer": {
			given: then(rich, frozenDebits),
			when:  bank.SendTransfer{To: grace, Amount: eur(1)},
			or:    frozen(3),
		},
		"a hold": {given: then(rich, frozenDebits), when: bank.PlaceHold{Amount: eur(1)}, or: frozen(3)},
		"a deposit taken back": {
			given: then(rich, frozenDebits),
			when:  bank.Reverse{Transaction: 2, Reason: "r"},
			or:    frozen(3),
		},
		"a transfer paid back": {
			given: then(rich, got, frozenDebits),
			when:  bank.Reverse{Transaction: 3, Reason: "r"},
			or:    frozen(4),
		},
		"a deposit": {given: then(rich, frozenCredits), when: bank.Deposit{Amount: eur(1)}, or: frozen(3)},
		"a withdrawal taken back": {
			given: then(rich, withdrawn(eur(1), eur(4)), frozenCredits),
			when:  bank.Reverse{Transaction: 3, Reason: "r"},
			or:    frozen(4),
		},
		"not a deposit": {
			given: then(rich, frozenDebits),
			when:  bank.Deposit{Amount: eur(1)},
			then:  deposited(eur(1), eur(6)),
		},
		"not a withdrawal": {
			given: then(rich, frozenCredits),
			when:  bank.Withdraw{Amount: eur(1)},
			then:  withdrawn(eur(1), eur(4)),
		},
		"not the capture of a hold": {
			given: then(held, frozenDebits),
			when:  bank.CaptureHold{Hold: 3},
			then:  captured(3, eur(2), eur(3), 0, 0),
		},
		"not the release of a hold": {
			given: then(held, frozenDebits),
			when:  bank.ReleaseHold{Hold: 3},
			then:  bank.HoldReleased{Hold: 3, Amount: eur(2)},
		},
		"not what comes back": {
			given: then(rich, sent(eur(1), eur(4)), frozenCredits),
			when:  returnIt,
			then:  returned(eur(1), eur(5)),
		},
		"not what is noted": {
			given: then(rich, sent(eur(1), eur(4)), frozenDebits),
			when:  completeIt,
			then:  completed(eur(1)),
		},
		"nothing, after it is over": {
			given: then(rich, frozenDebits, bank.AccountUnfrozen{}),
			when:  bank.Withdraw{Amount: eur(1)},
			then:  withdrawn(eur(1), eur(4)),
		},
		"nothing that it is not for": {
			given: then(rich, frozenDebits, frozenCredits),
			when:  bank.Withdraw{Amount: eur(1)},
			then:  withdrawn(eur(1), eur(4)),
		},
	})
}
