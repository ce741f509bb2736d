package view

import (
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Effect is what a record does beside changing its account's document.
type Effect struct {
	// Line is what it adds to the account's history; nil for events that move
	// no money.
	Line *Transaction
	// Keys are those that it is filed under.
	Keys []string
	// State is the account after it, where that is kept; nil elsewhere.
	State *State
	// Postings are its part of the trial balance.
	Postings []bank.Posting
}

// Fold is the account's document after the record, and what else the record
// does. The record must be the next of its account.
func Fold(a Account, r contract.Record) (Account, Effect, error) {
	if r.Version != a.Version+1 {
		return a, Effect{}, fmt.Errorf("view of %s is at version %d and cannot take version %d", r.Account, a.Version, r.Version)
	}
	event, err := r.Event()
	if err != nil {
		return a, Effect{}, err
	}
	if _, opening := event.(bank.AccountOpened); opening {
		a.Opened = r.Position
	}
	keys := KeysOf(a.Account, r, event)
	a.ID = r.Account
	a.Account = a.Apply(event, r.At)
	effect := Effect{Line: TransactionOf(r, event), Keys: keys, Postings: event.PostingLines()}
	if a.Version%StateInterval == 0 {
		effect.State = &State{Account: a.Summary(), Position: r.Position}
	}
	return a, effect, nil
}

// KeysOf are the things that an event is about, beside its account, which is
// given as it was before.
func KeysOf(a bank.Account, r contract.Record, event bank.Event) []string {
	switch e := event.(type) {
	case bank.TransferSent:
		if e.Reverses != nil {
			return []string{TransferKey(e.Transfer), TransferKey(e.Reverses.Transfer), ReversalKey(r.Account, e.Reverses.Version)}
		}
		return []string{TransferKey(e.Transfer)}
	case bank.TransferReceived:
		if e.Reverses != "" {
			return []string{TransferKey(e.Transfer), TransferKey(e.Reverses)}
		}
		return []string{TransferKey(e.Transfer)}
	case bank.TransferRejected:
		return []string{TransferKey(e.Transfer)}
	case bank.TransferCompleted:
		return []string{TransferKey(e.Transfer)}
	case bank.TransferReturned:
		for _, t := range a.InTransit {
			if t.Transfer == e.Transfer && t.Reverses != 0 {
				return []string{TransferKey(e.Transfer), ReversalKey(r.Account, t.Reverses)}
			}
		}
		return []string{TransferKey(e.Transfer)}
	case bank.HoldPlaced:
		return []string{HoldKey(r.Account, r.Version)}
	case bank.HoldCaptured:
		return []string{HoldKey(r.Account, e.Hold)}
	case bank.HoldReleased:
		return []string{HoldKey(r.Account, e.Hold)}
	case bank.HoldExpired:
		return []string{HoldKey(r.Account, e.Hold)}
	case bank.TransactionReversed:
		return []string{ReversalKey(r.Account, e.Transaction)}
	}
	return nil
}

// TransactionOf is the history line of a record whose event is event, or nil
// for events that move no money.
func TransactionOf(r contract.Record, event bank.Event) *Transaction {
	line := Transaction{Account: r.Account, Version: r.Version, Position: r.Position,
		OccurredAt: r.At, EffectiveAt: r.At, Caller: r.Caller}
	switch e := event.(type) {
	case bank.MoneyDeposited:
		line.moves(Deposit, true, e.Movement).says(e.Details).counts(e.EffectiveAt)
	case bank.MoneyWithdrawn:
		line.moves(Withdrawal, false, e.Movement).says(e.Details).counts(e.EffectiveAt)
	case bank.HoldCaptured:
		line.moves(HoldCapture, false, e.Movement).says(e.Details)
		line.Hold = e.Hold
	case bank.TransferSent:
		line.moves(TransferOut, false, e.Movement).says(e.Details).counts(e.EffectiveAt)
		line.Transfer, line.Counterparty = e.Transfer, e.To
		if e.Reverses != nil {
			line.Reverses, line.Reason = e.Reverses.Version, e.Reverses.Reason
		}
	case bank.TransferReceived:
		line.moves(TransferIn, true, e.Movement).says(e.Details).counts(e.EffectiveAt)
		line.Transfer, line.Counterparty, line.ReversesTransfer = e.Transfer, e.From, e.Reverses
	case bank.TransferReturned:
		line.moves(TransferReturned, true, e.Movement)
		line.Transfer, line.Counterparty, line.Reason = e.Transfer, e.To, e.Message
	case bank.TransactionReversed:
		line.moves(Reversal, e.Credit, e.Movement)
		line.Reverses, line.Reason = e.Transaction, e.Reason
	default:
		return nil
	}
	return &line
}

func (t *Transaction) moves(what TransactionType, credit bool, m bank.Movement) *Transaction {
	t.Type, t.Credit, t.Currency, t.Amount, t.BalanceAfter = what, credit, m.Amount.Currency, m.Amount.Minor, m.Balance.Minor
	return t
}

func (t *Transaction) says(d bank.Details) *Transaction {
	t.Reference, t.Memo, t.ExternalID = d.Reference, d.Memo, d.ExternalID
	return t
}

func (t *Transaction) counts(effective time.Time) {
	if !effective.IsZero() {
		t.EffectiveAt = effective.UTC().Truncate(time.Microsecond) // like all times of a line
	}
}
