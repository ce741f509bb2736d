package bank_test

import (
	"slices"
	"strings"
	"testing"

	"corebank/internal/bank"
)

// undone is the reversal of a transaction of Ada's; change is negative for
// money that leaves.
func undone(transaction, change, balance, remaining int64, other string) bank.TransactionReversed {
	return bank.TransactionReversed{Movement: moved(eur(change), eur(balance), other), Transaction: transaction,
		Credit: change > 0, Remaining: eur(remaining), Reason: "mistake"}
}

func reverse(transaction int64) bank.Reverse {
	return bank.Reverse{Transaction: transaction, Reason: "mistake"}
}

func reversePart(transaction, cents int64) bank.Reverse {
	return bank.Reverse{Transaction: transaction, Amount: amount(cents), Reason: "mistake"}
}

func TestReversing(t *testing.T) {
	in := paidIn(eur(5_00))
	out := then(in, withdrawn(eur(2_00), eur(3_00)))
	shop := then(in, placed(eur(4_00), at(60)), captured(3, eur(1_00), eur(4_00), 300, 0))
	tell(t, map[string]story{
		"a deposit":         {given: in, when: reverse(2), then: undone(2, -5_00, 0, 0, "cash")},
		"a deposit in part": {given: in, when: reversePart(2, 1), then: undone(2, -1, 4_99, 4_99, "cash")},
		"the rest of it": {
			given: then(in, undone(2, -1, 4_99, 4_99, "cash")),
			when:  reverse(2),
			then:  undone(2, -4_99, 0, 0, "cash"),
		},
		"the rest of it to the cent": {
			given: then(in, undone(2, -1, 4_99, 4_99, "cash")),
			when:  reversePart(2, 4_99),
			then:  undone(2, -4_99, 0, 0, "cash"),
		},
		"a withdrawal":             {given: out, when: reverse(3), then: undone(3, 2_00, 5_00, 0, "cash")},
		"a captured hold":          {given: shop, when: reverse(4), then: undone(4, 1_00, 5_00, 0, "settlement")},
		"a captured hold in part":  {given: shop, when: reversePart(4, 99), then: undone(4, 99, 4_99, 1, "settlement")},
		"a deposit that was spent": {given: out, when: reverse(2), or: short(eur(3_00), eur(2_00))},
		"a deposit into the overdraft": {
			given: then(out, overdraft(2_00)),
			when:  reverse(2),
			then:  undone(2, -5_00, -2_00, 0, "cash"),
		},
		"a withdrawal without room": {given: then(out, deposited(eur(1<<63-1-3_00), eur(1<<63-1))), when: reverse(3),
			or: bank.Refusal{Code: bank.BalanceTooLarge, Field: "amount"}},
		"without a reason": {given: in, when: bank.Reverse{Transaction: 2}, or: invalidInput("reason")},
		"for long reasons": {
			given: in,
			when:  bank.Reverse{Transaction: 2, Reason: strings.Repeat("r", 301)},
			or:    invalidInput("reason"),
		},
		"nothing of it": {given: in, when: reversePart(2, 0), or: invalidAmount(2)},
		"dollars of it": {
			given: in,
			when:  bank.Reverse{Transaction: 2, Amount: &bank.Money{Minor: 1, Currency: "USD"}, Reason: "r"},
			or:    mismatch("amount"),
		},
		"on no account":     {when: reverse(2), or: notFound},
		"on what is closed": {given: []bank.Event{opened("EUR"), bank.AccountClosed{}}, when: reverse(1), or: closed(2)},
		"dollars of no movement": {
			given: in,
			when:  bank.Reverse{Transaction: 1, Amount: &bank.Money{Minor: 1, Currency: "USD"}, Reason: "r"},
			or:    mismatch("amount"),
			also:  []bank.Code{bank.TransactionNotFound},
		},
	})
}

func TestNeverTwice(t *testing.T) {
	in := paidIn(eur(5_00))
	whole := then(in, undone(2, -5_00, 0, 0, "cash"))
	parts := then(in, undone(2, -1, 4_99, 4_99, "cash"), undone(2, -4_99, 0, 0, "cash"))
	already := func(by int64) bank.Refusal {
		return bank.Refusal{Code: bank.AlreadyReversed, Field: "transactionId", By: by}
	}
	exceeds := bank.Refusal{Code: bank.AmountExceedsRemaining, Field: "amount", Remaining: amount(4_99)}
	tell(t, map[string]story{
		"in full":  {given: whole, when: reverse(2), or: already(3)},
		"in parts": {given: parts, when: reversePart(2, 1), or: already(4)},
		"more than is left": {
			given: then(in, undone(2, -1, 4_99, 4_99, "cash")),
			when:  reversePart(2, 5_00),
			or:    exceeds,
			also:  []bank.Code{bank.InsufficientFunds},
		},
		"nor while it is frozen": {
			given: then(whole, frozenDebits),
			when:  reverse(2),
			or:    frozen(4),
			also:  []bank.Code{bank.AlreadyReversed},
		},
		"another one, in between": {
			given: then(whole, deposited(eur(1), eur(1))),
			when:  reverse(4),
			then:  undone(4, -1, 0, 0, "cash"),
		},
		"an earlier one, after a new": {
			given: then(in, deposited(eur(1), eur(5_01)), undone(3, -1, 5_00, 0, "cash")),
			when:  reverse(2),
			then:  undone(2, -5_00, 0, 0, "cash"),
		},
	})
	got := accountAfter(then(in, deposited(eur(1), eur(5_01)), undone(3, -1, 5_00, 0, "cash"),
		undone(2, -2, 4_98, 4_98, "cash"), undone(2, -3, 4_95, 4_95, "cash"))...)
	want := []bank.Reversed{{Version: 2, Minor: 5, By: 6}, {Version: 3, Minor: 1, By: 4}}
	if !slices.Equal(got.Reversed, want) || got.Summary().Reversed != nil {
		t.Errorf("reversed %+v, want %+v", got.Reversed, want)
	}
}

func TestWhatCannotBeReversed(t *testing.T) {
	not := bank.Refusal{Code: bank.NotReversible, Field: "transactionId"}
	none := bank.Refusal{Code: bank.TransactionNotFound, Field: "transactionId"}
	paid := received(eur(1), eur(6))
	paid.Reverses = bank.NewTransferID(ada, "earlier")
	in := paidIn(eur(5))
	tell(t, map[string]story{
		"a reversal":             {given: then(in, undone(2, -5, 0, 0, "cash")), when: reverse(3), or: not},
		"a part of a reversal":   {given: then(in, undone(2, -5, 0, 0, "cash")), when: reversePart(3, 1), or: not},
		"a reversal by transfer": {given: then(in, paid), when: reverse(3), or: not},
		"a transfer, where sent": {given: then(in, sent(eur(1), eur(4))), when: reverse(3), or: not},
		"a transfer that is back": {
			given: then(in, sent(eur(1), eur(4)), returned(eur(1), eur(5))),
			when:  reverse(4),
			or:    not,
		},
		"a hold":      {given: then(in, placed(eur(1), at(60))), when: reverse(3), or: none},
		"the opening": {given: in, when: reverse(1), or: none},
		"the future":  {given: in, when: reverse(3), or: none},
		"nothing":     {given: in, when: reverse(0), or: none},
	})
}

// paidBack is the transfer that reverses the one that was received with a
// version.
func paidBack(version, cents, balance, remaining int64) bank.TransferSent {
	event := sent(eur(cents), eur(balance))
	event.Memo = "mistake"
	event.Reverses = &bank.TransferReversal{Transfer: trip, Version: version, Remaining: eur(remaining), Reason: "mistake"}
	return event
}

func TestReversingTransfers(t *testing.T) {
	got := []bank.Event{opened("EUR"), received(eur(5), eur(5))}
	already := bank.Refusal{Code: bank.AlreadyReversed, Field: "transactionId", By: 3}
	tell(t, map[string]story{
		"another transfer brings it back": {given: got, when: reverse(2), then: paidBack(2, 5, 0, 0)},
		"a part of it":                    {given: got, when: reversePart(2, 2), then: paidBack(2, 2, 3, 3)},
		"the rest of it": {
			given: then(got, paidBack(2, 2, 3, 3)),
			when:  reverse(2),
			then:  paidBack(2, 3, 0, 0),
		},
		"not twice": {given: then(got, paidBack(2, 5, 0, 0)), when: reverse(2), or: already},
		"not twice, having arrived": {
			given: then(got, paidBack(2, 5, 0, 0), completed(eur(5))),
			when:  reverse(2),
			or:    already,
		},
		"again, when it came back": {
			given: then(got, paidBack(2, 5, 0, 0), returned(eur(5), eur(5))),
			when:  reverse(2),
			then:  paidBack(2, 5, 0, 0),
		},
		"not what was spent": {
			given: then(got, withdrawn(eur(1), eur(4))),
			when:  reverse(2),
			or:    short(eur(4), eur(1)),
		},
		"beyond the limits of other debits": {
			given: then(got, limited(amount(1), amount(1))),
			when:  reverse(2),
			then:  paidBack(2, 5, 0, 0),
		},
		"not while debits are frozen": {given: then(got, frozenDebits), when: reverse(2), or: frozen(3)},
		"not the transfer that brought back": {
			given: then(got, paidBack(2, 5, 0, 0)),
			when:  reverse(3),
			or:    bank.Refusal{Code: bank.NotReversible, Field: "transactionId"},
		},
	})
	back := accountAfter(then(got, paidBack(2, 5, 0, 0), returned(eur(5), eur(5)))...)
	if back.Reversed != nil || back.InTransit != nil || back.SpentOn(at(5)) != eur(0) {
		t.Errorf("it came back: %+v", back)
	}
	if limited := accountAfter(then(got, paidBack(2, 5, 0, 0))...); limited.SpentOn(at(5)).Minor != 0 {
		t.Errorf("a reversal counts as spent: %s", limited.SpentOn(at(5)))
	}
}

// TestTheReversedAreBounded: what keeps them from being reversed twice has to
// be remembered.
func TestTheReversedAreBounded(t *testing.T) {
	account := accountAfter(paidIn(eur(5))...)
	account.Version = bank.MaxReversed + 10
	for version := range int64(bank.MaxReversed) {
		account.Reversed = append(account.Reversed, bank.Reversed{Version: version + 3, Minor: 1, By: version + 4})
	}
	in := bank.Circumstances{Now: at(3), Past: deposited(eur(5), eur(5))}
	if _, broken := judged(t, account, reverse(2), in); !slices.Equal(codes(broken), []bank.Code{bank.NotReversible}) {
		t.Errorf("one more: %v", codes(broken))
	}
	if _, broken := judged(t, account, reversePart(3, 4), in); len(broken) > 0 {
		t.Errorf("the rest of one that is remembered: %v", codes(broken))
	}
}
