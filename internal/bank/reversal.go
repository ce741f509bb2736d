package bank

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxReversed bounds the transactions of an account that were ever reversed:
// what keeps them from being reversed twice has to be remembered.
const MaxReversed = 20_000

// Reversed is how much of a transaction was reversed, and the version of the
// last reversal.
type Reversed struct {
	Version int64 `json:"version"`
	Minor   int64 `json:"minor"`
	By      int64 `json:"by"`
}

// Reverse asks to undo a transaction of the account, or a part of it. A
// transfer is reversed in the account that received it: another transfer
// brings the money back. A transaction with several legs is reversed as a
// whole, in the account of any leg.
type Reverse struct {
	Transaction int64  `json:"transaction"` // its version
	Amount      *Money `json:"amount,omitempty"`
	Reason      string `json:"reason"`
}

// TransactionReversed says that a transaction was undone, or a part of it.
// Remaining is what of it was not reversed yet.
type TransactionReversed struct {
	Movement
	Transaction int64 `json:"transaction"`
	// Credit is set when the reversal pays in.
	Credit    bool   `json:"credit"`
	Remaining Money  `json:"remaining"`
	Reason    string `json:"reason"`
}

// TransferReversal is what a transfer says of the one that it pays back, which
// the account received with the transaction Version.
type TransferReversal struct {
	Transfer  TransferID `json:"transfer"`
	Version   int64      `json:"version"`
	Remaining Money      `json:"remaining"`
	Reason    string     `json:"reason"`
}

func (c Reverse) requiredVersion(Account) int64 { return c.Transaction }

func (c Reverse) check(by rules) (broken Refusals) {
	broken.add(by.words("reason", c.Reason, 1, MaxReasonLength))
	if c.Amount != nil {
		broken.add(checkAmount("amount", *c.Amount))
	}
	return broken
}

func (c Reverse) decide(a Account, in Circumstances) (Event, Refusals) {
	if refusal := a.active(); refusal != nil {
		return nil, Refusals{refusal}
	}
	broken := a.mismatch(c.Amount)
	original, refusal := reversible(in.Past)
	if broken.add(refusal); len(broken) > 0 {
		return nil, broken
	}
	if paysIn(in.Past) {
		broken.add(a.mayCredit())
	} else {
		broken.add(a.mayDebit())
	}
	amount, remaining, refusal := c.amount(a, original)
	if broken.add(refusal); refusal != nil && refusal.Code == AlreadyReversed {
		return nil, broken
	}
	broken.add(a.mayReverse(c.Transaction))
	return c.undo(a, in, amount, remaining, broken)
}

// paysIn reports whether reversing the event pays in.
func paysIn(past Event) bool {
	switch past.(type) {
	case MoneyWithdrawn, HoldCaptured:
		return true
	}
	return false
}

// amount is what is to be reversed, and what of the transaction remains then.
func (c Reverse) amount(a Account, original Money) (amount, remaining Money, refusal *Refusal) {
	before, _ := a.findReversed(c.Transaction)
	remaining = Money{Minor: original.Minor - before.Minor, Currency: original.Currency}
	amount = remaining
	if c.Amount != nil {
		amount = *c.Amount
	}
	switch {
	case remaining.Minor == 0:
		refusal = refuseReversed(before.By)
	case amount.Minor > remaining.Minor:
		refusal = refuseRemaining(remaining, "transaction")
	}
	remaining.Minor -= amount.Minor
	return amount, remaining, refusal
}

func refuseReversed(by int64) *Refusal {
	return &Refusal{Code: AlreadyReversed, Field: "transactionId", By: by,
		Message: "The transaction was reversed in full already; there is nothing left to reverse."}
}

func (c Reverse) undo(a Account, in Circumstances, amount, remaining Money, broken Refusals) (Event, Refusals) {
	var refusal *Refusal
	event := TransactionReversed{Transaction: c.Transaction, Credit: paysIn(in.Past),
		Remaining: remaining, Reason: c.Reason}
	switch past := in.Past.(type) {
	case TransferReceived:
		back := TransferSent{Transfer: NewTransferID(a.ID, in.Key), To: past.From, Details: Details{Memo: c.Reason},
			Reverses: &TransferReversal{Transfer: past.Transfer, Version: c.Transaction, Remaining: remaining, Reason: c.Reason}}
		return a.send(back, amount, in, broken)
	case MoneyDeposited:
		event.Movement, refusal = a.debit(amount, CashLedger(a.Currency), in.Now)
	case MoneyWithdrawn:
		event.Movement, refusal = a.credit(amount, CashLedger(a.Currency))
	default: // a captured hold
		event.Movement, refusal = a.credit(amount, SettlementLedger(a.Currency))
	}
	broken.add(refusal)
	return event, broken
}

// reversible is the amount of an event that can be reversed.
func reversible(past Event) (Money, *Refusal) {
	switch past := past.(type) {
	case MoneyDeposited:
		return past.Amount, nil
	case MoneyWithdrawn:
		return past.Amount, nil
	case HoldCaptured:
		return past.Amount, nil
	case TransferReceived:
		if past.Reverses == "" {
			return past.Amount, nil
		}
		return Money{}, refuseAgain()
	case TransactionReversed:
		return Money{}, refuseAgain()
	case LegPosted:
		if past.Reverses == nil {
			return Money{}, RefuseApart("transactionId") // its account decides together with others, or not at all
		}
		return Money{}, refuseAgain()
	case TransferSent:
		return Money{}, refuseIrreversible("the money left for the other account; reverse the transfer there")
	case TransferReturned:
		return Money{}, RefuseCameBack()
	}
	return Money{}, RefuseUnknownTransaction()
}

func refuseAgain() *Refusal {
	return refuseIrreversible("it is a reversal itself; post the movement anew instead")
}

// RefuseUnknownTransaction is the refusal of what is not the id of a
// transaction.
func RefuseUnknownTransaction() *Refusal {
	return &Refusal{Code: TransactionNotFound, Field: "transactionId",
		Message: "The account has no transaction with this id; check it."}
}

// RefuseOnItsWay is the refusal to reverse a transfer that has not ended.
func RefuseOnItsWay() *Refusal {
	return &Refusal{Code: TransferPending, Field: "transactionId",
		Message: "The transfer is on its way; send the same request again when it has arrived, " +
			"and post nothing in its place."}
}

// RefuseCameBack is the refusal to reverse a transfer that did not arrive.
func RefuseCameBack() *Refusal {
	return refuseIrreversible("the money came back by itself; send it again instead")
}

func refuseIrreversible(why string) *Refusal {
	return &Refusal{Code: NotReversible, Field: "transactionId",
		Message: "The transaction cannot be reversed: " + why + "."}
}

// mayReverse refuses one reversed transaction more than can be remembered.
func (a Account) mayReverse(version int64) *Refusal {
	if _, found := a.findReversed(version); !found && len(a.Reversed) >= MaxReversed {
		return refuseIrreversible(fmt.Sprintf("the account has %d reversed transactions, "+
			"as many as it may have; post the opposite movement instead", MaxReversed))
	}
	return nil
}

func (e TransactionReversed) apply(a Account, _ time.Time) Account {
	a.Balance = e.Balance
	return a.reversed(e.Transaction, e.Amount.Minor, a.Version)
}

// Entry is the opposite of what was reversed.
func (e TransactionReversed) Entry() (Entry, bool) {
	entry := e.Movement.entry(ReversalEntry, e.Credit)
	entry.Reverses, entry.Reason = e.Transaction, e.Reason
	return entry, true
}

// Subjects are the transaction that was reversed.
func (e TransactionReversed) Subjects(a Account) []string {
	return []string{ReversalSubject(a.ID, e.Transaction)}
}

func (e TransactionReversed) validate() error {
	if e.Transaction <= 0 || e.Remaining.Currency != e.Amount.Currency {
		return errors.New("a reversal of no transaction, or one that does not say what is left of it")
	}
	return e.Movement.validate()
}

func (e TransactionReversed) conflictsWith(c Command) []string {
	if c, ok := c.(Reverse); ok {
		return c.differing(e.Transaction, e.Amount, e.Remaining, e.Reason)
	}
	return wrongKind()
}

func (c Reverse) differing(transaction int64, amount, remaining Money, reason string) []string {
	return conflicts(field{"transactionId", transaction != c.Transaction},
		field{"amount", c.Amount != nil && *c.Amount != amount || c.Amount == nil && remaining.Positive()},
		field{"reason", reason != c.Reason})
}

func (a Account) reversedIndex(version int64) (int, bool) {
	return slices.BinarySearchFunc(a.Reversed, version, func(r Reversed, v int64) int { return cmp.Compare(r.Version, v) })
}

func (a Account) findReversed(version int64) (Reversed, bool) {
	if i, found := a.reversedIndex(version); found {
		return a.Reversed[i], true
	}
	return Reversed{}, false
}

// reversed is the account after minor units more of a transaction were
// reversed, or fewer if they are negative.
func (a Account) reversed(version, minor, by int64) Account {
	i, found := a.reversedIndex(version)
	a.Reversed = slices.Clone(a.Reversed)
	if !found {
		a.Reversed = slices.Insert(a.Reversed, i, Reversed{Version: version})
	}
	r := &a.Reversed[i]
	r.Minor += minor
	if by != 0 {
		r.By = by
	}
	if r.Minor <= 0 {
		if a.Reversed = slices.Delete(a.Reversed, i, i+1); len(a.Reversed) == 0 {
			a.Reversed = nil
		}
	}
	return a
}
