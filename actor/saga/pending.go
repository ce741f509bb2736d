package saga

import (
	"cmp"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// limits are how much a driver remembers. What does not fit is forgotten, and read from the log again when there is
// room.
type limits struct{ transfers, holds int }

// defaultLimits are for a transfer of up to 4 KiB while it is on its way to the receiver, and a hold of 200 bytes.
var defaultLimits = limits{transfers: 5_000, holds: 10_000}

// step is how far a transfer has come.
type step string

const (
	sent     step = "sent"     // the receiver has to take it
	received step = "received" // the sender has to learn that it arrived
	rejected step = "rejected" // the sender has to take it back
)

// transfer is one that has not ended, as far as the driver knows.
type transfer struct {
	ID bank.TransferID `json:"id"`
	// From and Version identify the event of its sending; Position is where that is in the whole log.
	From     bank.AccountID `json:"from"`
	Version  int64          `json:"version"`
	Position int64          `json:"position"`
	To       bank.AccountID `json:"to"`
	// Again is set if it was found by a second reading, and may have ended since.
	Again bool `json:"again,omitempty"`
	// Trace is the span that it was sent in; "" if no one traces.
	Trace string `json:"trace,omitempty"`
	progress
	// ahead is how far it has come after the answer to a command, until the log has that: a checkpoint says only what
	// the log says up to its position, because an earlier copy of the log may be put in its place.
	ahead *progress

	sending  *bank.TransferSent // what was sent; not in the checkpoint, but read again
	delivery *delivery          // the command for the present step: on its way, or answered if that was the last
	ours     bool               // this driver makes its next step
}

// progress is how far a transfer has come.
type progress struct {
	Step step `json:"step"`
	// Since is when it came to its step.
	Since time.Time `json:"since"`
	// SentAt is when it was sent.
	SentAt time.Time `json:"sentAt,omitzero"`
	// Rejection is why, at the step rejected; Details are what the sender said about it.
	Rejection *bank.Rejection `json:"rejection,omitempty"`
	Details   bank.Details    `json:"details,omitzero"`
}

// now is how far the transfer has come, as far as the driver knows.
func (t *transfer) now() *progress { return cmp.Or(t.ahead, &t.progress) }

// after is how far the transfer is after an event that does not end it.
func (p progress) after(event bank.Event, at time.Time) progress {
	switch e := event.(type) {
	case bank.TransferReceived:
		p.Step, p.Since = received, at
	case bank.TransferRejected:
		p.Step, p.Since, p.SentAt, p.Rejection, p.Details = rejected, at, e.SentAt, &e.Rejection, e.Details
	}
	return p
}

// pendingState is the fold of the log to what is still to be done. It is not safe for concurrent use.
type pendingState struct {
	limits    limits
	at        contract.Checkpoint // the last record that was taken in
	traced    []contract.Traced   // of the batch that is taken in
	transfers map[bank.TransferID]*transfer
	holds     holds
	// lostTransfers and lostHolds are the positions of the first events whose transfers and holds did not fit; 0 if
	// everything is here.
	lostTransfers, lostHolds int64
	// rereading is set for a second reading of the log: it takes transfers until it is half full, and none after that.
	rereading bool
}

func newPendingState(limits limits) *pendingState {
	return &pendingState{limits: limits, transfers: make(map[bank.TransferID]*transfer), holds: newHolds(limits.holds)}
}

// fold takes the next record of the log. An error means that the record cannot be read; the next ones can be folded
// nevertheless.
func (p *pendingState) fold(r contract.Record) error {
	p.at.Position, p.at.Mark = r.Position, r.Mark()
	event, err := r.Event()
	if err != nil {
		return err
	}
	p.apply(r, event)
	return nil
}

// apply takes in an event of the log.
func (p *pendingState) apply(r contract.Record, event bank.Event) {
	switch e := event.(type) {
	case bank.TransferSent:
		if e.End != "" {
			return // in the same step: nothing is left to do
		}
		p.add(&transfer{ID: e.Transfer, From: r.Account, Version: r.Version, Position: r.Position, To: e.To,
			Trace: tracing.Of(p.traced, r.Position), progress: progress{Step: sent, Since: r.At, SentAt: r.At},
			sending: &e})
	case bank.TransferReceived:
		p.advance(e.Transfer, e, r.At)
	case bank.TransferRejected:
		p.advance(e.Transfer, e, r.At)
	case bank.TransferCompleted:
		p.end(e.Transfer)
	case bank.TransferReturned:
		p.end(e.Transfer)
	case bank.HoldCaptured:
		if !e.Remaining.Positive() {
			p.holds.remove(r.Account, e.Hold)
		}
	case bank.HoldReleased:
		p.holds.remove(r.Account, e.Hold)
	case bank.HoldExpired:
		p.holds.remove(r.Account, e.Hold)
	default:
		p.applyExpiry(r, event)
	}
}

// applyExpiry takes in when a hold expires, unless a later event has said so already.
func (p *pendingState) applyExpiry(r contract.Record, event bank.Event) {
	next, _ := bank.NextStep(r.Account, r.Version, r.At, event)
	expire, is := next.Command.(bank.ExpireHold)
	if !is {
		return
	}
	trace := tracing.Of(p.traced, r.Position)
	if known := p.holds.byID[holdID{next.Account, expire.Hold}]; known != nil {
		if known.Position >= r.Position {
			return
		}
		trace = cmp.Or(trace, known.Trace)
	}
	p.holds.remove(next.Account, expire.Hold)
	p.addHold(&hold{Account: next.Account, Version: expire.Hold, Position: r.Position, ExpiresAt: next.Due,
		Trace: trace})
}

// add takes a transfer in. If there are too many, it forgets the one that has made no progress for longest, so that
// stuck transfers make room for others.
func (p *pendingState) add(t *transfer) {
	if p.transfers[t.ID] != nil {
		return
	}
	if p.rereading && (p.lostTransfers != 0 || len(p.transfers) >= p.limits.transfers/2) {
		noteLost(&p.lostTransfers, t.Position)
		return
	}
	p.transfers[t.ID] = t
	if len(p.transfers) <= p.limits.transfers {
		return
	}
	longest := t
	for _, other := range p.transfers {
		if c := other.Since.Compare(longest.Since); c < 0 || c == 0 && other.Position < longest.Position {
			longest = other
		}
	}
	noteLost(&p.lostTransfers, longest.Position)
	p.end(longest.ID)
}

// noteLost notes that what the log has at a position was forgotten.
func noteLost(first *int64, position int64) {
	if position != 0 && (*first == 0 || position < *first) {
		*first = position
	}
}

// advance notes that a transfer has come to another step. It never goes back.
func (p *pendingState) advance(id bank.TransferID, event bank.Event, at time.Time) {
	t := p.transfers[id]
	if t == nil || t.Step != sent {
		return
	}
	known := t.ahead != nil // the step is being made
	t.progress, t.ahead, t.sending = t.after(event, at), nil, nil
	if !known {
		t.next()
	}
}

// next has the transfer make a new step.
func (t *transfer) next() {
	t.delivery.cancel()
	t.delivery = nil
}

// end forgets a transfer.
func (p *pendingState) end(id bank.TransferID) {
	if t := p.transfers[id]; t != nil {
		t.delivery.cancel()
		delete(p.transfers, id)
	}
}

// addHold takes a hold in. If there are too many, it forgets the one that expires last.
func (p *pendingState) addHold(h *hold) {
	if last := p.holds.add(h); last != nil {
		noteLost(&p.lostHolds, last.Position)
	}
}

// sorted are the transfers that match, in the order in which they were sent.
func (p *pendingState) sorted(match func(*transfer) bool) []*transfer {
	var some []*transfer
	for _, t := range p.transfers {
		if match(t) {
			some = append(some, t)
		}
	}
	slices.SortFunc(some, func(t, u *transfer) int { return cmp.Compare(t.Position, u.Position) })
	return some
}

func all(*transfer) bool { return true }
