package view

import (
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Transaction is one line of an account's history. Account and Version
// identify it.
type Transaction struct {
	Account bank.AccountID
	// Version is the stream version of the event behind it.
	Version int64
	// Position is the event's place in the whole log.
	Position int64
	Type     bank.EntryType
	Currency bank.Currency
	// Amount is positive; Credit says whether it raised the balance;
	// BalanceAfter is the balance right after it. Minor units of Currency.
	Amount       int64
	Credit       bool
	BalanceAfter int64
	// OccurredAt is when it was recorded: UTC, whole microseconds, and never
	// before the account's previous line. EffectiveAt is when it counts, which
	// is earlier where it was back-dated.
	OccurredAt, EffectiveAt time.Time
	Reference, Memo         string
	ExternalID              string
	// Caller is who asked for it.
	Caller string
	// Counterparty and Transfer belong to transfers.
	Counterparty bank.AccountID
	Transfer     bank.TransferID
	// Journal is the transaction with several legs that it is one of.
	Journal bank.JournalID
	// Hold is the version of the hold that was captured.
	Hold int64
	// Reverses is the version of the account's transaction that it undoes.
	// ReversesTransfer is, for a transfer that arrived, the transfer that it
	// pays back. Reason is what was given for a reversal or a return.
	Reverses         int64
	ReversesTransfer bank.TransferID
	Reason           string
}

// TransactionOf is the history line of a record whose event is event, or nil
// for events that move no money.
func TransactionOf(r contract.Record, event bank.Event) *Transaction {
	e, moved := event.Entry()
	if !moved {
		return nil
	}
	line := &Transaction{Account: r.Account, Version: r.Version, Position: r.Position,
		Type: e.Type, Currency: e.Amount.Currency, Amount: e.Amount.Minor, Credit: e.Credit, BalanceAfter: e.Balance.Minor,
		OccurredAt: r.At, EffectiveAt: r.At, Reference: e.Reference, Memo: e.Memo, ExternalID: e.ExternalID, Caller: r.Caller,
		Counterparty: e.Counterparty, Transfer: e.Transfer, Journal: e.Journal, Hold: e.Hold,
		Reverses: e.Reverses, ReversesTransfer: e.ReversesTransfer, Reason: e.Reason}
	if !e.EffectiveAt.IsZero() {
		line.EffectiveAt = e.EffectiveAt.UTC().Truncate(time.Microsecond) // like all times of a line
	}
	return line
}
