package bank_test

import (
	"slices"
	"testing"

	"corebank/internal/bank"
)

// arriving is what a transfer of Ada's to Grace does that arrives at once.
func arriving(sent bank.TransferSent, receive bank.ReceiveTransfer, balance bank.Money) []bank.Decided {
	sent.End, receive.AtOnce = bank.EndArrived, true
	received := bank.TransferReceived{Movement: on(grace, moved(sent.Amount, balance, "transit")), Transfer: sent.Transfer,
		From: ada, Details: receive.Details, EffectiveAt: receive.EffectiveAt, Reverses: receive.Reverses, AtOnce: true}
	return []bank.Decided{{Account: ada, Event: sent}, {Account: grace, Event: received, Step: receive}}
}

// returning is what one does that Grace's account does not take.
func returning(sent bank.TransferSent, balance bank.Money, why bank.Rejection) []bank.Decided {
	sent.End = bank.EndReturned
	comeback := bank.ReturnTransfer{Transfer: sent.Transfer, Rejection: why, Details: sent.Details, SentAt: at(3)}
	returned := bank.TransferReturned{Movement: moved(sent.Amount, balance, "transit"), Transfer: sent.Transfer,
		To: grace, Rejection: why, Details: sent.Details, SentAt: at(3)}
	return []bank.Decided{{Account: ada, Event: sent}, {Account: ada, Event: returned, Step: comeback}}
}

func TestTransfersInOneStep(t *testing.T) {
	rich, open := paidIn(eur(5_00)), []bank.Event{opened("EUR")}
	send := bank.SendTransfer{To: grace, Amount: eur(2_00)}
	receive := bank.ReceiveTransfer{Transfer: trip, From: ada, Amount: eur(2_00), SentAt: at(3)}
	noted, notedReceipt, notedSending := sent(eur(2_00), eur(3_00)), receive, send
	noted.Details, noted.EffectiveAt = bank.Details{Reference: "rent", Memo: "March", ExternalID: "7"}, at(1)
	notedReceipt.Details, notedReceipt.EffectiveAt = noted.Details, at(1)
	notedSending.Details, notedSending.EffectiveAt = noted.Details, at(1)
	indebted := then(open, overdraft(1_00), withdrawn(eur(1_00), eur(-1_00)))
	tellTogether(t, map[string]joint{
		"the money is there at once": {given: histories(rich, open), when: send,
			then: arriving(sent(eur(2_00), eur(3_00)), receive, eur(2_00))},
		"with what it is for": {given: histories(rich, open), when: notedSending,
			then: arriving(noted, notedReceipt, eur(2_00))},
		"into an account that was overdrawn": {given: histories(rich, indebted), when: send,
			then: arriving(sent(eur(2_00), eur(3_00)), receive, eur(1_00))},
		"into one that is frozen for debits": {given: histories(rich, then(open, frozenDebits)), when: send,
			then: arriving(sent(eur(2_00), eur(3_00)), receive, eur(2_00))},
		"too much": {given: histories(rich, open), when: bank.SendTransfer{To: grace, Amount: eur(5_01)},
			or: short(eur(5_00), eur(1))},
		"too much for an account that is not there": {given: histories(rich, nil),
			when: bank.SendTransfer{To: grace, Amount: eur(5_01)},
			or:   short(eur(5_00), eur(1))},
		"dollars of tomorrow": {given: histories(rich, open),
			when: bank.SendTransfer{To: grace, Amount: usd(1), EffectiveAt: at(99)},
			or:   invalidInput("effectiveAt"), also: []bank.Code{bank.CurrencyMismatch}},
		"nothing":         {given: histories(rich, open), when: bank.SendTransfer{To: grace}, or: unknownCurrency},
		"from no account": {given: histories(nil, open), when: send, or: notFound},
		"to oneself, which is no matter of two": {given: histories(rich, open), parties: []bank.AccountID{},
			when: bank.SendTransfer{To: ada, Amount: eur(1)},
			or:   bank.Refusal{Code: bank.SameAccount, Field: "toAccountId"}},
		"to nothing": {given: histories(rich, open), parties: []bank.AccountID{},
			when: bank.SendTransfer{To: "acc_1", Amount: eur(1)}, or: invalidInput("toAccountId")},
	})
}

var unknownCurrency = bank.Refusal{Code: bank.CurrencyUnknown, Field: "amount.currency"}

// TestTransfersThatComeBackInOneStep: the receiver's account has nothing of it, and the sender's says why.
func TestTransfersThatComeBackInOneStep(t *testing.T) {
	rich, open := paidIn(eur(5_00)), []bank.Event{opened("EUR")}
	for name, test := range map[string]struct {
		graces  []bank.Event
		code    bank.Code
		message string
	}{
		"there is no account": {nil, bank.AccountNotFound,
			"There is no account with this id; check it before sending the money again."},
		"it is closed": {then(open, bank.AccountClosed{}), bank.ClosedAccount, closedThere.Message},
		"it is frozen, which is not explained to others": {then(open, frozenCredits), bank.FrozenAccount,
			"The receiving account takes in no money at present; ask its owner before sending the money again."},
		"it is kept in dollars": {[]bank.Event{opened("USD")}, bank.CurrencyMismatch,
			"The receiving account is kept in USD; send the money to an account in the transfer's currency."},
		"it is full": {paidIn(eur(1<<63 - 1)), bank.BalanceTooLarge,
			"The receiving account cannot hold so much; send less."},
	} {
		tellTogether(t, map[string]joint{name: {given: histories(rich, test.graces),
			when: bank.SendTransfer{To: grace, Amount: eur(2_00)},
			then: returning(sent(eur(2_00), eur(3_00)), eur(5_00), bank.Rejection{Code: test.code, Message: test.message})}})
	}
}

// TestPayingBackInOneStep reverses a transfer that Ada received from Grace.
func TestPayingBackInOneStep(t *testing.T) {
	open := []bank.Event{opened("EUR")}
	paid := then(open, received(eur(2_00), eur(2_00)))
	back := func(cents, balance, remaining int64) bank.TransferSent {
		e := paidBack(2, cents, balance, remaining)
		e.Transfer = trip
		return e
	}
	receive := bank.ReceiveTransfer{Transfer: trip, From: ada, Amount: eur(2_00), SentAt: at(3), Reverses: trip,
		Details: bank.Details{Memo: "mistake"}}
	part := receive
	part.Amount = eur(50)
	tellTogether(t, map[string]joint{
		"all of it": {given: histories(paid, open), when: reverse(2),
			then: arriving(back(2_00, 0, 0), receive, eur(2_00))},
		"a part of it": {given: histories(paid, open), when: reversePart(2, 50),
			then: arriving(back(50, 1_50, 1_50), part, eur(50))},
		"the sender is gone": {given: histories(paid, then(open, bank.AccountClosed{})), when: reverse(2),
			then: returning(back(2_00, 0, 0), eur(2_00), closedThere)},
		"it was spent": {given: histories(then(paid, withdrawn(eur(1), eur(1_99))), open), when: reverse(2),
			or: short(eur(1_99), eur(1))},
		"a deposit, which is a matter of one": {given: histories(paidIn(eur(5)), open), parties: []bank.AccountID{},
			when: reverse(2), then: []bank.Decided{{Account: ada, Event: undone(2, -5, 0, 0, "cash")}}},
	})
}

// TestWhatATransferInOneStepLeavesBehind: nothing in transit, the day's limit as it was after one that came back, and
// a reversal that came back can be tried again.
func TestWhatATransferInOneStepLeavesBehind(t *testing.T) {
	after := func(j joint) bank.Account {
		decided, broken := bank.DecideTogether(j.when, ada, j.party, j.circumstances())
		if len(broken) > 0 {
			t.Fatalf("refused with %+v", *broken[0])
		}
		account := j.party(ada)
		for _, d := range decided {
			if d.Account == ada {
				account.Account = account.Apply(d.Event, account.Now)
			}
		}
		return account.Account
	}
	rich, open := paidIn(eur(5_00)), []bank.Event{opened("EUR")}
	paid, send := then(open, received(eur(2_00), eur(2_00))), bank.SendTransfer{To: grace, Amount: eur(2_00)}
	for name, test := range map[string]struct {
		j                      joint
		balance, spent, events int64
	}{
		"arrived":                   {joint{given: histories(rich, open), when: send}, 3_00, 2_00, 3},
		"came back":                 {joint{given: histories(rich, nil), when: send}, 5_00, 0, 4},
		"a reversal that came back": {joint{given: histories(paid, nil), when: reverse(2)}, 2_00, 0, 4},
	} {
		got := after(test.j)
		if got.InTransit != nil || got.Balance != eur(test.balance) || got.SpentOn(at(3)) != eur(test.spent) ||
			got.Version != test.events || got.Reversed != nil {
			t.Errorf("%s: the account is %+v", name, got)
		}
	}
}

func TestWhoHasToAgreeToADebit(t *testing.T) {
	for name, test := range map[string]struct {
		command bank.Command
		debits  []bank.AccountID
	}{
		"a transfer takes from its sender":  {bank.SendTransfer{To: grace, Amount: eur(1)}, []bank.AccountID{ada}},
		"a deposit is no matter of several": {bank.Deposit{Amount: eur(1)}, nil},
	} {
		if got := bank.Debits(test.command, ada); !slices.Equal(got, test.debits) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
