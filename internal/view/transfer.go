package view

import (
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// TransferStatus says how far a transfer is.
type TransferStatus string

// The statuses of a transfer, as the API spells them. Its money is in transit
// while it is pending, with the receiver when it is completed and with the
// sender again when it is returned.
const (
	TransferPending   TransferStatus = "PENDING"
	TransferCompleted TransferStatus = "COMPLETED"
	TransferWentBack  TransferStatus = "RETURNED"
)

// Transfer is what the records of one transfer come to. What a record says
// that the views do not have, because its account's document is stale, is
// missing.
type Transfer struct {
	ID       bank.TransferID
	From, To bank.AccountID
	Amount   bank.Money
	Status   TransferStatus
	// Rejection is why it was, or is about to be, returned; else nil.
	Rejection *bank.Rejection
	// SentVersion and ReceivedVersion are the versions of the transactions in
	// the sender's and in the receiver's history, or 0.
	SentVersion, ReceivedVersion int64
	// EndedAt is when the money arrived or came back; zero while it is pending.
	SentAt, EndedAt time.Time
	Details         bank.Details
	// EffectiveAt is when it counts: SentAt unless it was back-dated.
	EffectiveAt time.Time
	// Reverses is the transfer that it pays back, or "".
	Reverses bank.TransferID
	// Reversed is how much of it was paid back, as far as it has arrived.
	Reversed bank.Money
	Caller   string
}

// TransferOf folds the records that are filed under a transfer's key, which
// are in the order of the log. It fails with ErrNotFound where there are none.
func TransferOf(id bank.TransferID, records []contract.Record) (Transfer, error) {
	t := Transfer{ID: id, Status: TransferPending}
	for _, r := range records {
		event, err := r.Event()
		if err != nil {
			return Transfer{}, fmt.Errorf("transfer %s: %w", id, err)
		}
		t.take(r, event)
	}
	if t.From == "" && t.To == "" {
		return Transfer{}, fmt.Errorf("transfer %s: %w", id, ErrNotFound)
	}
	t.Reversed.Currency = t.Amount.Currency
	return t, nil
}

func (t *Transfer) take(r contract.Record, event bank.Event) {
	switch e := event.(type) {
	case bank.TransferSent:
		if e.Transfer == t.ID {
			t.sent(r, e)
		}
	case bank.TransferReceived:
		if e.Transfer == t.ID {
			t.From, t.To, t.Amount, t.Reverses = e.From, r.Account, e.Amount, e.Reverses
			t.Status, t.ReceivedVersion, t.EndedAt = TransferCompleted, r.Version, r.At
		} else {
			t.Reversed.Minor += e.Amount.Minor
		}
	case bank.TransferRejected:
		t.From, t.To, t.Amount, t.Rejection = e.From, r.Account, e.Amount, &e.Rejection
	case bank.TransferCompleted:
		if t.Status = TransferCompleted; t.EndedAt.IsZero() {
			t.From, t.To, t.Amount, t.EndedAt = r.Account, e.To, e.Amount, r.At
		}
	case bank.TransferReturned:
		t.From, t.To, t.Amount, t.Rejection = r.Account, e.To, e.Amount, &e.Rejection
		t.Status, t.EndedAt = TransferWentBack, r.At
	}
}

func (t *Transfer) sent(r contract.Record, e bank.TransferSent) {
	t.From, t.To, t.Amount, t.Details, t.Caller = r.Account, e.To, e.Amount, e.Details, r.Caller
	t.SentVersion, t.SentAt, t.EffectiveAt = r.Version, r.At, r.At
	if !e.EffectiveAt.IsZero() {
		t.EffectiveAt = e.EffectiveAt.UTC()
	}
	if e.Reverses != nil {
		t.Reverses = e.Reverses.Transfer
	}
	if e.End == bank.EndArrived && t.EndedAt.IsZero() { // in the same step
		t.Status, t.EndedAt = TransferCompleted, r.At
	}
}
