package saga

import (
	"cmp"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// bounds are how much a driver remembers. What does not fit is forgotten and
// read from the log again when there is room.
type bounds struct{ transfers, holds int }

// usual bounds: a transfer takes up to 4 KiB while it is on its way to the
// receiver, a hold 200 bytes.
var usual = bounds{transfers: 5_000, holds: 10_000}

// step is how far a transfer has come.
type step string

const (
	sent     step = "sent"     // the receiver has to take it
	received step = "received" // the sender has to be told
	rejected step = "rejected" // the sender has to take it back
)

// transfer is one that has not ended, as far as the book knows.
type transfer struct {
	ID bank.TransferID `json:"id"`
	// From and Version place the event of its sending, and Position does in
	// the whole log.
	From     bank.AccountID `json:"from"`
	Version  int64          `json:"version"`
	Position int64          `json:"position"`
	To       bank.AccountID `json:"to"`
	Step     step           `json:"step"`
	// Since is when it came to its step.
	Since time.Time `json:"since"`
	// Rejection is why, at the step rejected.
	Rejection *bank.Rejection `json:"rejection,omitempty"`

	sending  *bank.TransferSent // what was sent; not kept, but read again
	delivery *delivery          // the command for the present step, on its way
	ours     bool               // this driver has taken it up
}

// book is the fold of the log to what is still to be done. It is not safe for
// concurrent use.
type book struct {
	most      bounds
	position  int64
	mark      string // what the log holds at the position
	transfers map[bank.TransferID]*transfer
	holds     holds
	// lostTransfers and lostHolds are the positions of the first events whose
	// transfers and holds did not fit; 0 if everything is here.
	lostTransfers, lostHolds int64
	// second is set in the book of a second reading: it takes transfers until
	// it is half full, and none after that.
	second bool
}

func newBook(most bounds) *book {
	return &book{most: most, transfers: make(map[bank.TransferID]*transfer), holds: newHolds(most.holds)}
}

// fold takes the next record of the log. An error means that nobody can tell
// what the record says; the book goes on after it.
func (b *book) fold(r contract.Record) error {
	b.position, b.mark = r.Position, markOf(r)
	event, err := r.Event()
	if err != nil {
		return err
	}
	b.note(r, event)
	return nil
}

// note takes in what an event says, wherever it is known from.
func (b *book) note(r contract.Record, event bank.Event) {
	switch e := event.(type) {
	case bank.TransferSent:
		b.add(&transfer{ID: e.Transfer, From: r.Account, Version: r.Version, Position: r.Position,
			To: e.To, Step: sent, Since: r.At, sending: &e})
	case bank.TransferReceived:
		b.advance(e.Transfer, received, nil, r.At)
	case bank.TransferRejected:
		b.advance(e.Transfer, rejected, &e.Rejection, r.At)
	case bank.TransferCompleted:
		b.end(e.Transfer)
	case bank.TransferReturned:
		b.end(e.Transfer)
	case bank.HoldPlaced:
		b.place(&hold{Account: r.Account, Version: r.Version, Position: r.Position, ExpiresAt: e.ExpiresAt})
	case bank.HoldCaptured:
		if !e.Remaining.Positive() {
			b.holds.remove(r.Account, e.Hold)
		}
	case bank.HoldReleased:
		b.holds.remove(r.Account, e.Hold)
	case bank.HoldExpired:
		b.holds.remove(r.Account, e.Hold)
	}
}

// add takes a transfer in, and forgets one if there are too many: the one that
// has stood still longest, so that what is stuck makes way for what is not.
func (b *book) add(t *transfer) {
	if b.transfers[t.ID] != nil {
		return
	}
	if b.second && (b.lostTransfers != 0 || len(b.transfers) >= b.most.transfers/2) {
		lost(&b.lostTransfers, t.Position)
		return
	}
	b.transfers[t.ID] = t
	if len(b.transfers) <= b.most.transfers {
		return
	}
	longest := t
	for _, other := range b.transfers {
		if c := other.Since.Compare(longest.Since); c < 0 || c == 0 && other.Position < longest.Position {
			longest = other
		}
	}
	lost(&b.lostTransfers, longest.Position)
	b.end(longest.ID)
}

// lost notes that what the log has at a position was forgotten.
func lost(first *int64, position int64) {
	if position != 0 && (*first == 0 || position < *first) {
		*first = position
	}
}

// advance notes that a transfer came further. It never goes back.
func (b *book) advance(id bank.TransferID, to step, why *bank.Rejection, at time.Time) {
	t := b.transfers[id]
	if t == nil || t.Step != sent {
		return
	}
	t.Step, t.Rejection, t.Since, t.sending = to, why, at, nil
	t.delivery.cancel()
	t.delivery = nil
}

// end forgets a transfer.
func (b *book) end(id bank.TransferID) {
	if t := b.transfers[id]; t != nil {
		t.delivery.cancel()
		delete(b.transfers, id)
	}
}

// place takes a hold in, and forgets the one that expires last if there are
// too many.
func (b *book) place(h *hold) {
	if last := b.holds.add(h); last != nil {
		lost(&b.lostHolds, last.Position)
	}
}

// inOrder are the transfers of a kind in the order of their sending.
func (b *book) inOrder(which func(*transfer) bool) []*transfer {
	var some []*transfer
	for _, t := range b.transfers {
		if which(t) {
			some = append(some, t)
		}
	}
	slices.SortFunc(some, func(t, u *transfer) int { return cmp.Compare(t.Position, u.Position) })
	return some
}

func all(*transfer) bool { return true }
