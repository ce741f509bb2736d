package bank

import (
	"errors"
	"fmt"
	"time"
)

// ReceiveTransfer, CompleteTransfer and ReturnTransfer are the steps after the
// first. Only the bank itself gives them.
type ReceiveTransfer struct {
	Transfer TransferID `json:"transfer"`
	From     AccountID  `json:"from"`
	Amount   Money      `json:"amount"`
	Details
	EffectiveAt time.Time `json:"effectiveAt,omitzero"`
	// Reverses is the transfer that it pays back, or "".
	Reverses TransferID `json:"reverses,omitempty"`
	// SentAt is when it was sent: its sender needs that if it comes back.
	SentAt time.Time `json:"sentAt,omitzero"`
	// AtOnce is set in the step in which it is sent.
	AtOnce bool `json:"atOnce,omitempty"`
}

// CompleteTransfer tells the sender that the money was received.
type CompleteTransfer struct {
	Transfer TransferID `json:"transfer"`
}

// ReturnTransfer tells the sender why it was not.
type ReturnTransfer struct {
	Transfer TransferID `json:"transfer"`
	Rejection
	Details
	SentAt time.Time `json:"sentAt,omitzero"`
}

// Rejection is why a transfer was not received.
type Rejection struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// TransferReceived says that the money arrived.
type TransferReceived struct {
	Movement
	Transfer TransferID `json:"transfer"`
	From     AccountID  `json:"from"`
	Details
	EffectiveAt time.Time  `json:"effectiveAt,omitzero"`
	Reverses    TransferID `json:"reverses,omitempty"`
	// AtOnce is set when it was sent in the same step: its sender knows already.
	AtOnce bool `json:"atOnce,omitempty"`
}

// TransferRejected says that the money will never arrive. It may stand in the
// stream of an account that was never opened.
type TransferRejected struct {
	nonMonetary
	Transfer TransferID `json:"transfer"`
	From     AccountID  `json:"from"`
	Amount   Money      `json:"amount"`
	Rejection
	// Details and SentAt are those of the sending.
	Details
	SentAt time.Time `json:"sentAt,omitzero"`
}

// TransferCompleted says, to the sender, that the money arrived.
type TransferCompleted struct {
	nonMonetary
	Transfer TransferID `json:"transfer"`
	To       AccountID  `json:"to"`
	Amount   Money      `json:"amount"`
}

// TransferReturned says that the money came back.
type TransferReturned struct {
	Movement
	Transfer TransferID `json:"transfer"`
	To       AccountID  `json:"to"`
	Rejection
	// Details and SentAt are those of the sending.
	Details
	SentAt time.Time `json:"sentAt,omitzero"`
}

func (c ReceiveTransfer) systemKey() string { return "receive/" + string(c.Transfer) }

func (c ReceiveTransfer) check(rules) Refusals { return nil }

// decide always comes to an event: what is not received is rejected for good,
// so that no second try can end otherwise.
func (c ReceiveTransfer) decide(a Account, _ Circumstances) (Event, Refusals) {
	refusal := a.mayCredit()
	if unfit := a.takes(c.Amount, nil); len(unfit) > 0 {
		refusal = unfit[0]
	}
	if refusal == nil {
		var movement Movement
		if movement, refusal = a.credit(c.Amount, TransitLedger(c.Amount.Currency)); refusal == nil {
			return TransferReceived{Movement: movement, Transfer: c.Transfer, From: c.From, Details: c.Details,
				EffectiveAt: c.effectiveAt(a), Reverses: c.Reverses, AtOnce: c.AtOnce}, nil
		}
	}
	return TransferRejected{Transfer: c.Transfer, From: c.From, Amount: c.Amount,
		Rejection: Rejection{Code: refusal.Code, Message: tellSender(refusal)}, Details: c.Details, SentAt: c.SentAt}, nil
}

// tellSender is the reason of a rejection as the sender may read it: for example,
// it must not reveal that the receiving account is frozen, nor why.
func tellSender(refusal *Refusal) string {
	switch refusal.Code {
	case AccountNotFound:
		return "There is no account with this id; check it before sending the money again."
	case ClosedAccount:
		return "The receiving account was closed; send the money to another account."
	case CurrencyMismatch:
		return fmt.Sprintf("The receiving account is kept in %s; send the money to an account "+
			"in the transfer's currency.", refusal.Expected)
	case FrozenAccount:
		return "The receiving account takes in no money at present; ask its owner before sending the money again."
	default:
		return "The receiving account cannot hold so much; send less."
	}
}

// effectiveAt is the transfer's effective time in the receiving account: not
// before it was opened.
func (c ReceiveTransfer) effectiveAt(a Account) time.Time {
	if !c.EffectiveAt.IsZero() && c.EffectiveAt.Before(a.OpenedAt) {
		return a.OpenedAt
	}
	return inMicroseconds(c.EffectiveAt)
}

func (e TransferReceived) apply(a Account, _ time.Time) Account {
	a.Balance = e.Balance
	return a
}

func (e TransferReceived) validate() error {
	if !e.Transfer.Valid() || !e.From.Valid() {
		return errors.New("a transfer without an id or a sender")
	}
	return e.Movement.validate()
}

// Entry is the credit of what arrived.
func (e TransferReceived) Entry() (Entry, bool) {
	entry := e.Movement.entry(TransferInEntry, true)
	entry.Details, entry.EffectiveAt, entry.Transfer, entry.Counterparty = e.Details, e.EffectiveAt, e.Transfer, e.From
	entry.ReversesTransfer = e.Reverses
	return entry, true
}

// Subjects are the transfer, and the one that it pays back.
func (e TransferReceived) Subjects(Account) []string {
	if e.Reverses != "" {
		return []string{TransferSubject(e.Transfer), TransferSubject(e.Reverses)}
	}
	return []string{TransferSubject(e.Transfer)}
}

func (e TransferReceived) conflictsWith(c Command) []string {
	if c, ok := c.(ReceiveTransfer); ok {
		return conflicts(field{"transfer", e.Transfer != c.Transfer}, field{"from", e.From != c.From},
			field{"amount", e.Amount != c.Amount})
	}
	return wrongKind()
}

func (e TransferRejected) apply(a Account, _ time.Time) Account { return a }

// Subjects are the transfer.
func (e TransferRejected) Subjects(Account) []string { return []string{TransferSubject(e.Transfer)} }

func (e TransferRejected) validate() error {
	if !e.Transfer.Valid() || !e.From.Valid() || e.Code == "" || e.Amount.Currency == "" || !e.Amount.Positive() {
		return errors.New("a rejected transfer without an id, a sender, an amount or a reason")
	}
	return nil
}

func (e TransferRejected) conflictsWith(c Command) []string {
	if c, ok := c.(ReceiveTransfer); ok {
		return conflicts(field{"transfer", e.Transfer != c.Transfer}, field{"from", e.From != c.From},
			field{"amount", e.Amount != c.Amount})
	}
	return wrongKind()
}

func (c CompleteTransfer) systemKey() string { return "complete/" + string(c.Transfer) }

func (c CompleteTransfer) check(rules) Refusals { return nil }

func (c CompleteTransfer) decide(a Account, _ Circumstances) (Event, Refusals) {
	i := a.findTransit(c.Transfer)
	if i < 0 {
		return nil, Refusals{refuseNotPending()}
	}
	return TransferCompleted{Transfer: c.Transfer, To: a.InTransit[i].To, Amount: a.InTransit[i].Amount}, nil
}

func (e TransferCompleted) apply(a Account, _ time.Time) Account { return a.arrived(e.Transfer) }

// Subjects are the transfer.
func (e TransferCompleted) Subjects(Account) []string { return []string{TransferSubject(e.Transfer)} }

func (e TransferCompleted) validate() error {
	if e.Amount.Currency == "" || !e.Amount.Positive() {
		return errors.New("a completed transfer without an amount")
	}
	return endOfTransfer(e.Transfer, e.To)
}

func (e TransferCompleted) conflictsWith(c Command) []string {
	if c, ok := c.(CompleteTransfer); ok {
		return conflicts(field{"transfer", e.Transfer != c.Transfer})
	}
	return wrongKind()
}

func (c ReturnTransfer) systemKey() string { return "return/" + string(c.Transfer) }

func (c ReturnTransfer) check(rules) Refusals { return nil }

// decide needs no room in the balance: it was kept free.
func (c ReturnTransfer) decide(a Account, _ Circumstances) (Event, Refusals) {
	i := a.findTransit(c.Transfer)
	if i < 0 {
		return nil, Refusals{refuseNotPending()}
	}
	transit := a.InTransit[i]
	return TransferReturned{Movement: a.move(transit.Amount, transit.Amount.Minor, TransitLedger(a.Currency)),
		Transfer: c.Transfer, To: transit.To, Rejection: c.Rejection, Details: c.Details, SentAt: c.SentAt}, nil
}

func (e TransferReturned) apply(a Account, _ time.Time) Account {
	a.Balance = e.Balance
	if i := a.findTransit(e.Transfer); i >= 0 && a.InTransit[i].Reverses != 0 {
		a = a.reversed(a.InTransit[i].Reverses, -e.Amount.Minor, 0)
	} else if !e.SentAt.IsZero() {
		a = a.unspend(e.Amount, dayOf(e.SentAt))
	}
	return a.arrived(e.Transfer)
}

// Entry is the credit of what came back.
func (e TransferReturned) Entry() (Entry, bool) {
	entry := e.Movement.entry(TransferReturnedEntry, true)
	entry.Details, entry.Transfer, entry.Counterparty, entry.Reason = e.Details, e.Transfer, e.To, e.Message
	return entry, true
}

// Subjects are the transfer, and the reversal that failed with it.
func (e TransferReturned) Subjects(a Account) []string {
	if i := a.findTransit(e.Transfer); i >= 0 && a.InTransit[i].Reverses != 0 {
		return []string{TransferSubject(e.Transfer), ReversalSubject(a.ID, a.InTransit[i].Reverses)}
	}
	return []string{TransferSubject(e.Transfer)}
}

func (e TransferReturned) validate() error {
	if err := endOfTransfer(e.Transfer, e.To); err != nil {
		return err
	}
	if e.Code == "" {
		return errors.New("a returned transfer without a reason")
	}
	return e.Movement.validate()
}

func (e TransferReturned) conflictsWith(c Command) []string {
	if c, ok := c.(ReturnTransfer); ok {
		return conflicts(field{"transfer", e.Transfer != c.Transfer})
	}
	return wrongKind()
}

func endOfTransfer(id TransferID, to AccountID) error {
	if !id.Valid() || !to.Valid() {
		return errors.New("the end of no transfer, or of one to nowhere")
	}
	return nil
}

func refuseNotPending() *Refusal {
	return &Refusal{Code: TransferNotPending, Field: "transferId",
		Message: "The account has no such transfer in transit; it has ended already."}
}
