package bank_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"corebank/internal/bank"
)

// trip is the transfer that Ada sends under the key of the stories.
var trip = bank.NewTransferID(ada, "key")

var (
	completeIt = bank.CompleteTransfer{Transfer: trip}
	returnIt   = bank.ReturnTransfer{Transfer: trip, Rejection: closedThere}
)

var closedThere = bank.Rejection{Code: bank.ClosedAccount,
	Message: "The receiving account was closed; send the money to another account."}

func sent(sum, balance bank.Money) bank.TransferSent {
	change := bank.Money{Minor: -sum.Minor, Currency: sum.Currency}
	return bank.TransferSent{Movement: moved(change, balance, "transit"), Transfer: trip, To: grace}
}

func received(sum, balance bank.Money) bank.TransferReceived {
	return bank.TransferReceived{Movement: moved(sum, balance, "transit"), Transfer: trip, From: grace}
}

func rejected(code bank.Code) bank.TransferRejected {
	return bank.TransferRejected{Transfer: trip, From: grace, Amount: eur(1),
		Rejection: bank.Rejection{Code: code, Message: "m"}}
}

func returned(sum, balance bank.Money) bank.TransferReturned {
	return bank.TransferReturned{Movement: moved(sum, balance, "transit"), Transfer: trip, To: grace,
		Rejection: closedThere}
}

func completed(sum bank.Money) bank.TransferCompleted {
	return bank.TransferCompleted{Transfer: trip, To: grace, Amount: sum}
}

func TestSendingTransfers(t *testing.T) {
	rich := paidIn(eur(5_00))
	full := slices.Clone(rich)
	full[1] = deposited(eur(9000), eur(9000))
	for i := range bank.MaxInTransit {
		event := sent(eur(1), eur(9000-int64(i)-1))
		event.Transfer = bank.NewTransferID(grace, strings.Repeat("k", i))
		full = append(full, event)
	}
	noted := sent(eur(5_00), eur(0))
	noted.Details, noted.EffectiveAt = bank.Details{Reference: "rent", Memo: "March", ExternalID: "7"}, at(1)
	tell(t, map[string]story{
		"a part": {given: rich, when: bank.SendTransfer{To: grace, Amount: eur(1)}, then: sent(eur(1), eur(4_99))},
		"everything, with what it is for, as of earlier": {given: rich, then: noted,
			when: bank.SendTransfer{To: grace, Amount: eur(5_00), Details: noted.Details, EffectiveAt: at(1)}},
		"too much": {
			given: rich,
			when:  bank.SendTransfer{To: grace, Amount: eur(5_01)},
			or:    short(eur(5_00), eur(1)),
		},
		"what was sent": {
			given: then(rich, sent(eur(4_00), eur(1_00))),
			when:  bank.SendTransfer{To: grace, Amount: eur(1_01)},
			or:    short(eur(1_00), eur(1)),
		},
		"to oneself": {
			given: rich,
			when:  bank.SendTransfer{To: ada, Amount: eur(1)},
			or:    bank.Refusal{Code: bank.SameAccount, Field: "toAccountId"},
		},
		"to nothing": {
			given: rich,
			when:  bank.SendTransfer{To: "acc_1", Amount: eur(1)},
			or:    invalidInput("toAccountId"),
		},
		"nothing": {given: rich, when: bank.SendTransfer{To: grace, Amount: eur(0)}, or: invalidAmount(2)},
		"dollars": {given: rich, when: bank.SendTransfer{To: grace, Amount: usd(1)}, or: mismatch("amount")},
		"of tomorrow": {
			given: rich,
			when:  bank.SendTransfer{To: grace, Amount: eur(1), EffectiveAt: at(99)},
			or:    invalidInput("effectiveAt"),
		},
		"from no account": {when: bank.SendTransfer{To: grace, Amount: eur(1)}, or: notFound},
		"from what is closed": {
			given: []bank.Event{opened("EUR"), bank.AccountClosed{}},
			when:  bank.SendTransfer{To: grace, Amount: eur(1)},
			or:    closed(2),
		},
		"to oneself, dollars of tomorrow": {
			given: rich,
			when:  bank.SendTransfer{To: ada, Amount: usd(1), EffectiveAt: at(99)},
			or:    invalidInput("effectiveAt"),
			also:  []bank.Code{bank.SameAccount, bank.CurrencyMismatch},
		},
		"one more than may be under way": {given: full, now: at(2000), when: bank.SendTransfer{To: grace, Amount: eur(1)},
			or: bank.Refusal{Code: bank.TooManyOpenItems, Field: "accountId", Max: bank.MaxInTransit}},
	})
}

func TestReceivingTransfers(t *testing.T) {
	receive := bank.ReceiveTransfer{Transfer: trip, From: grace, Amount: eur(1),
		Details: bank.Details{Reference: "rent", Memo: "m", ExternalID: "7"}, SentAt: at(0)}
	got := received(eur(1), eur(1))
	got.Details = receive.Details
	dated, early := receive, receive
	dated.EffectiveAt, early.EffectiveAt = at(2), at(-100)
	gotDated, gotEarly := got, got
	gotDated.EffectiveAt, gotEarly.EffectiveAt = at(2), at(1)
	back := receive
	back.Reverses = bank.NewTransferID(ada, "earlier")
	gotBack := got
	gotBack.Reverses = back.Reverses
	refused := func(code bank.Code, message string) bank.TransferRejected {
		return bank.TransferRejected{Transfer: trip, From: grace, Amount: eur(1),
			Rejection: bank.Rejection{Code: code, Message: message}, Details: receive.Details, SentAt: at(0)}
	}
	full := []bank.Event{opened("EUR"), deposited(eur(1<<63-1), eur(1<<63-1))}
	inDollars := opened("USD")
	tell(t, map[string]story{
		"the money arrives": {given: []bank.Event{opened("EUR")}, when: receive, then: got},
		"as of when it was sent": {
			given: []bank.Event{opened("EUR"), overdraft(0)},
			when:  dated,
			then:  withBalance(gotDated, eur(1)),
		},
		"as of the opening, if that is later": {given: []bank.Event{opened("EUR")}, when: early, then: gotEarly},
		"as a reversal":                       {given: []bank.Event{opened("EUR")}, when: back, then: gotBack},
		"beside a freeze of debits":           {given: []bank.Event{opened("EUR"), frozenDebits}, when: receive, then: got},
		"at no account": {when: receive,
			then: refused(bank.AccountNotFound, "There is no account with this id; check it before sending the money again.")},
		"where all is closed": {given: []bank.Event{opened("EUR"), bank.AccountClosed{}}, when: receive,
			then: refused(bank.ClosedAccount, closedThere.Message)},
		"in another currency": {
			given: []bank.Event{inDollars},
			when:  receive,
			then: refused(bank.CurrencyMismatch, "The receiving account is kept in USD; "+
				"send the money to an account in the transfer's currency."),
		},
		"where credits are frozen, which is not explained to others": {
			given: []bank.Event{opened("EUR"), frozenCredits},
			when:  receive,
			then: refused(bank.FrozenAccount, "The receiving account takes in no money at present; "+
				"ask its owner before sending the money again."),
		},
		"where no cent has room": {given: full, when: receive,
			then: refused(bank.BalanceTooLarge, "The receiving account cannot hold so much; send less.")},
	})
}

func withBalance(e bank.TransferReceived, balance bank.Money) bank.TransferReceived {
	e.Balance = balance
	return e
}

func TestEndingTransfers(t *testing.T) {
	under := then(paidIn(eur(5)), sent(eur(2), eur(3)))
	almostFull := []bank.Event{opened("EUR"), deposited(eur(2), eur(2)), sent(eur(2), eur(0)),
		deposited(eur(1<<63-3), eur(1<<63-3))}
	ended := bank.Refusal{Code: bank.TransferNotPending, Field: "transferId"}
	tell(t, map[string]story{
		"completed":                       {given: under, when: completeIt, then: completed(eur(2))},
		"returned":                        {given: under, when: returnIt, then: returned(eur(2), eur(5))},
		"completed twice":                 {given: then(under, completed(eur(2))), when: completeIt, or: ended},
		"returned twice":                  {given: then(under, returned(eur(2), eur(5))), when: returnIt, or: ended},
		"returned, having been completed": {given: then(under, completed(eur(2))), when: returnIt, or: ended},
		"completed, having been returned": {given: then(under, returned(eur(2), eur(5))), when: completeIt, or: ended},
		"never sent":                      {given: paidIn(eur(5)), when: completeIt, or: ended},
		"of no account":                   {when: returnIt, or: ended},
		"returned to where there is just room": {
			given: almostFull,
			when:  returnIt,
			then:  returned(eur(2), eur(1<<63-1)),
		},
		"the room that it needs is kept": {
			given: almostFull,
			when:  bank.Deposit{Amount: eur(1)},
			or:    bank.Refusal{Code: bank.BalanceTooLarge, Field: "amount"},
		},
		"and free again when it arrived": {
			given: []bank.Event{opened("EUR"), deposited(eur(2), eur(2)), sent(eur(2), eur(0)), completed(eur(2))},
			when:  bank.Deposit{Amount: eur(1<<63 - 1)}, then: deposited(eur(1<<63-1), eur(1<<63-1))},
	})
}

func TestTransfersInTheAccount(t *testing.T) {
	account := accountAfter(then(paidIn(eur(5)), sent(eur(2), eur(3)))...)
	want := []bank.Transit{{Transfer: trip, To: grace, Amount: eur(2)}}
	if !slices.Equal(account.InTransit, want) || account.MoneyInTransit() != eur(2) {
		t.Errorf("in transit %+v, %s", account.InTransit, account.MoneyInTransit())
	}
	done, back := account.Apply(completed(eur(2)), at(4)), account.Apply(returned(eur(2), eur(5)), at(4))
	if done.InTransit != nil || done.Balance != eur(3) || back.InTransit != nil || back.Balance != eur(5) {
		t.Errorf("completed %+v, returned %+v", done, back)
	}
	unopened := accountAfter(rejected(bank.AccountNotFound))
	empty := bank.Account{ID: ada, Version: 1, ChangedAt: at(1)}
	if unopened.IsOpen() || unopened.Version != 1 || !reflect.DeepEqual(unopened, empty) {
		t.Errorf("a rejection made %+v", unopened)
	}
}

func TestTransferIDs(t *testing.T) {
	shape := regexp.MustCompile(`^trf_[a-z2-7]{26}$`)
	if !trip.Valid() || !shape.MatchString(string(trip)) || trip != bank.NewTransferID(ada, "key") {
		t.Errorf("%q", trip)
	}
	// An id that changed would let a transfer under way arrive a second time.
	const want = bank.TransferID("trf_3dzdfu7ogcabrcrd5b36m766eq")
	if got := bank.NewTransferID("acc_5ih27m6dq3hhjmwvirvlablrb4", "rent"); got != want {
		t.Errorf("the id of a known transfer became %s, it was %s", got, want)
	}
	for _, other := range []bank.TransferID{bank.NewTransferID(ada, "Key"), bank.NewTransferID(grace, "key")} {
		if other == trip {
			t.Errorf("two transfers are %s", other)
		}
	}
	invalid := []bank.TransferID{"", "trf_", bank.TransferID(ada), trip[:29], trip + "a", "TRF_" + trip[4:],
		trip[:29] + "1"}
	for _, text := range invalid {
		if text.Valid() {
			t.Errorf("%q is valid", text)
		}
	}
}
