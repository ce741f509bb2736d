package bank

import "time"

// EntryType says what moved the money.
type EntryType string

// The types of entries, as views store them and the API spells them.
const (
	DepositEntry          EntryType = "DEPOSIT"
	WithdrawalEntry       EntryType = "WITHDRAWAL"
	TransferOutEntry      EntryType = "TRANSFER_OUT"
	TransferInEntry       EntryType = "TRANSFER_IN"
	TransferReturnedEntry EntryType = "TRANSFER_RETURNED"
	PostingEntry          EntryType = "POSTING"
	HoldCaptureEntry      EntryType = "HOLD_CAPTURE"
	ReversalEntry         EntryType = "REVERSAL"
)

// Entry is what an event that moves money adds to the history of its account.
type Entry struct {
	Type EntryType
	// Credit says whether Amount raised the balance; Balance is the balance after it.
	Credit          bool
	Amount, Balance Money
	Details
	// EffectiveAt is when it counts, if that is not when it was recorded.
	EffectiveAt time.Time
	// Counterparty and Transfer belong to transfers.
	Counterparty AccountID
	Transfer     TransferID
	// Journal is the transaction that it is a leg of.
	Journal JournalID
	// Hold is the version of the hold that was captured.
	Hold int64
	// Reverses is the version of the account's transaction that it undoes. ReversesTransfer is, for a transfer that
	// arrived, the transfer that it pays back. Reason is what was given for a reversal or a return.
	Reverses         int64
	ReversesTransfer TransferID
	Reason           string
}

// entry begins the entry of a movement: its type, direction, amount and balance.
func (m Movement) entry(kind EntryType, credit bool) Entry {
	return Entry{Type: kind, Credit: credit, Amount: m.Amount, Balance: m.Balance}
}
