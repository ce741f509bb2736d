package bank

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxInTransit bounds the transfers of an account that have not ended.
const MaxInTransit = 1000

// TransferID names one transfer. It is "trf_" and 26 lower-case base-32 digits.
type TransferID string

const transferIDPrefix = "trf_"

// NewTransferID is the id of the transfer that an account sends under an
// idempotency key.
func NewTransferID(from AccountID, key string) TransferID {
	sum := sha256.Sum256(fmt.Appendf(nil, "transfer:%s:%s", from, key))
	return TransferID(transferIDPrefix + idAlphabet.EncodeToString(sum[:16]))
}

// Valid reports whether the id has the shape of a transfer id.
func (id TransferID) Valid() bool {
	digits, ok := strings.CutPrefix(string(id), transferIDPrefix)
	return ok && AccountID(accountIDPrefix+digits).Valid()
}

// Where the log can write to both accounts at once, a transfer is one step of
// both (transfer_at_once.go). Elsewhere it is a saga. The money leaves the
// sender into transit (TransferSent); the receiver takes it (TransferReceived)
// or, permanently, does not (TransferRejected); the sender notes the end
// (TransferCompleted) or takes it back (TransferReturned). Each step follows
// from an event in the log, under a key of its own, so that it happens exactly
// once however often it is tried.

// Transit is a transfer of the account that has not ended.
type Transit struct {
	Transfer TransferID `json:"transfer"`
	To       AccountID  `json:"to"`
	Amount   Money      `json:"amount"`
	// Reverses is the version of the transaction that it pays back, or 0.
	Reverses int64 `json:"reverses,omitempty"`
}

// SendTransfer asks to move money to another account.
type SendTransfer struct {
	To     AccountID `json:"to"`
	Amount Money     `json:"amount"`
	Details
	EffectiveAt time.Time `json:"effectiveAt,omitzero"`
}

// TransferEnd is how a transfer ended in the step in which it was sent; "" for one that did not end there.
type TransferEnd string

// The ends of transfers. The money of one that arrived was never in transit between steps; one that came back has its
// TransferReturned next.
const (
	EndArrived  TransferEnd = "ARRIVED"
	EndReturned TransferEnd = "RETURNED"
)

// TransferSent says that money left the account into transit.
type TransferSent struct {
	Movement
	Transfer TransferID `json:"transfer"`
	To       AccountID  `json:"to"`
	Details
	EffectiveAt time.Time `json:"effectiveAt,omitzero"`
	// Reverses is set when it pays an earlier transfer back.
	Reverses *TransferReversal `json:"reverses,omitempty"`
	// End is set when the transfer ended in the same step.
	End TransferEnd `json:"end,omitempty"`
}

func (c SendTransfer) check(by rules) Refusals {
	broken := c.Details.check(by)
	if !c.To.Valid() {
		broken.add(refuseInput("toAccountId", "must be the id of an account"))
	}
	broken.add(checkAmount("amount", c.Amount))
	return broken
}

func (c SendTransfer) decide(a Account, in Circumstances) (Event, Refusals) {
	var broken Refusals
	broken.add(a.checkEffective(c.EffectiveAt, in.Now))
	if c.To == a.ID {
		broken.add(&Refusal{Code: SameAccount, Field: "toAccountId",
			Message: "The transfer would end where it begins; choose another destination."})
	}
	if unfit := a.takes(c.Amount, a.mayDebit()); len(unfit) > 0 {
		return nil, append(broken, unfit...)
	}
	broken.add(a.mayDebit())
	broken = append(broken, a.checkLimits(c.Amount, in.Now)...)
	event := TransferSent{Transfer: NewTransferID(a.ID, in.Key), To: c.To, Details: c.Details,
		EffectiveAt: inMicroseconds(c.EffectiveAt)}
	return a.send(event, c.Amount, in, broken)
}

// send is the first step of a transfer, and of the reversal of one.
func (a Account) send(event TransferSent, amount Money, in Circumstances, broken Refusals) (Event, Refusals) {
	movement, refusal := a.debit(amount, TransitLedger(a.Currency), in.Now)
	broken.add(refusal)
	if len(a.InTransit) >= MaxInTransit {
		broken.add(refuseTooMany(MaxInTransit, "transfers in transit"))
	}
	event.Movement = movement
	return event, broken
}

func (e TransferSent) apply(a Account, at time.Time) Account {
	transit := Transit{Transfer: e.Transfer, To: e.To, Amount: e.Amount}
	a.Balance = e.Balance
	if e.Reverses != nil {
		transit.Reverses = e.Reverses.Version
		a = a.reversed(e.Reverses.Version, e.Amount.Minor, a.Version)
	} else {
		a = a.spend(e.Amount, at)
	}
	if e.End != EndArrived {
		a.InTransit = append(slices.Clip(a.InTransit), transit)
	}
	return a
}

func (e TransferSent) validate() error {
	if !e.Transfer.Valid() || !e.To.Valid() {
		return errors.New("a transfer without an id or a destination")
	}
	if e.End != "" && e.End != EndArrived && e.End != EndReturned {
		return fmt.Errorf("a transfer that ended as %q", string(e.End))
	}
	if r := e.Reverses; r != nil && (!r.Transfer.Valid() || r.Version <= 0 || r.Remaining.Currency != e.Amount.Currency) {
		return errors.New("a transfer that pays back no transfer, or does not say what is left of it")
	}
	return e.Movement.validate()
}

// Entry is the debit of what left, marked as a reversal where it pays back.
func (e TransferSent) Entry() (Entry, bool) {
	entry := e.Movement.entry(TransferOutEntry, false)
	entry.Details, entry.EffectiveAt, entry.Transfer, entry.Counterparty = e.Details, e.EffectiveAt, e.Transfer, e.To
	if e.Reverses != nil {
		entry.Reverses, entry.Reason = e.Reverses.Version, e.Reverses.Reason
	}
	return entry, true
}

// Subjects are the transfer, and what it pays back.
func (e TransferSent) Subjects(a Account) []string {
	if e.Reverses != nil {
		return []string{TransferSubject(e.Transfer), TransferSubject(e.Reverses.Transfer),
			ReversalSubject(a.ID, e.Reverses.Version)}
	}
	return []string{TransferSubject(e.Transfer)}
}

func (e TransferSent) conflictsWith(c Command) []string {
	switch c := c.(type) {
	case SendTransfer:
		if e.Reverses == nil {
			return append(conflicts(field{"toAccountId", e.To != c.To}, field{"amount", e.Amount != c.Amount},
				field{"effectiveAt", !e.EffectiveAt.Equal(inMicroseconds(c.EffectiveAt))}), e.Details.differing(c.Details)...)
		}
	case Reverse:
		if e.Reverses != nil {
			return c.differing(e.Reverses.Version, e.Amount, e.Reverses.Remaining, e.Reverses.Reason)
		}
	}
	return wrongKind()
}

func (a Account) findTransit(id TransferID) int {
	return slices.IndexFunc(a.InTransit, func(t Transit) bool { return t.Transfer == id })
}

// arrived is the account without a transfer in transit.
func (a Account) arrived(id TransferID) Account {
	if i := a.findTransit(id); i >= 0 {
		if a.InTransit = slices.Delete(slices.Clone(a.InTransit), i, i+1); len(a.InTransit) == 0 {
			a.InTransit = nil
		}
	}
	return a
}
