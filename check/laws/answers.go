package laws

import (
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// outcome sums up what all clients were answered about one request.
type outcome struct {
	request *Request
	applied int
	// possible: some answer leaves room for the request's record. denied is the last one that does not.
	possible bool
	denied   contract.Status
}

// checkAnswers holds every answer to the log.
func (h *History) checkAnswers() {
	outcomes := make(map[exactly]*outcome)
	var requests []*outcome
	since := make(map[*entry]time.Duration) // when a record was acknowledged first
	for _, a := range h.Answers {
		o := outcomes[a.Request.exactly()]
		if o == nil {
			o = &outcome{request: a.Request}
			outcomes[a.Request.exactly()], requests = o, append(requests, o)
		}
		e := h.entryOf(a.Request)
		switch a.Status {
		case contract.Applied, contract.Replayed:
			h.checkAcknowledged(a, e)
			if at, is := since[e]; !is || a.Answered < at {
				since[e] = a.Answered
			}
			o.possible = o.possible || !h.durableBy(e, a.Sent)
			if a.Status == contract.Applied {
				o.applied++
			}
		case contract.Unknown:
			o.possible = o.possible || !h.durableBy(e, a.Sent)
		default:
			o.denied = a.Status
		}
		h.checkShown(a)
	}
	for _, o := range requests {
		h.checkOutcome(o)
	}
	for _, a := range h.Answers {
		if a.Status == contract.Refused {
			h.checkRemembered(a, since)
		}
	}
}

// checkOutcome holds a request that was always denied to the log, and one that was accepted to have been new once.
func (h *History) checkOutcome(o *outcome) {
	if o.applied > 1 {
		h.Findings.Violated(Acknowledged, "%s of %s was announced as new %d times", o.request.Key, o.request.Account,
			o.applied)
	}
	if o.denied != "" {
		h.Findings.Check(Denied, 1)
	}
	if e := h.entryOf(o.request); e != nil && !o.possible {
		h.Findings.Violated(Denied, "%s of %s was never anything but %s before it was in the log at position %d",
			o.request.Key, o.request.Account, o.denied, e.Position)
	}
}

// entryOf is a request's record, or nil.
func (h *History) entryOf(r *Request) *entry {
	for _, e := range h.byKey[r.asked()] {
		if e.RequestHash == r.hash {
			return e
		}
	}
	return nil
}

// durableBy reports whether a record is known to have been durable at a time.
func (h *History) durableBy(e *entry, by time.Duration) bool {
	if e == nil || h.Durable == nil {
		return false
	}
	at, durable := h.Durable(e.Account, e.Version)
	return durable && at <= by
}

// checkAcknowledged: what was acknowledged is in the log once, as it was asked and as it was answered, and was
// durable by then.
func (h *History) checkAcknowledged(a Answer, e *entry) {
	h.Findings.Check(Acknowledged, 1)
	found := 0
	for _, one := range h.byKey[a.Request.asked()] {
		if one.RequestHash == a.Request.hash {
			found++
		}
	}
	if found != 1 {
		h.Findings.Violated(Acknowledged, "%s of %s was %s as version %d and is in the log %d times",
			a.Request.Key, a.Request.Account, a.Status, a.Version, found)
		return
	}
	balance := int64(0)
	if e.line != nil {
		balance = e.line.BalanceAfter
	}
	open := a.Version == 0 && (e.line == nil || a.Note != "") // it has no version, or the answer lacks that part
	if e.Account != a.Account || !open && (e.Version != a.Version || balance != a.Balance) {
		h.Findings.Violated(Acknowledged,
			"%s was %s as version %d of %s with %d after it; the log has version %d of %s with %d", a.Request.Key, a.Status,
			a.Version, a.Account, a.Balance, e.Version, e.Account, balance)
	}
	h.checkParts(a, e)
	if len(bank.Conflicts(e.event, a.Request.Command)) > 0 {
		h.Findings.Violated(Acknowledged, "%s asked for %+v and got %+v", a.Client, a.Request.Command, e.event)
	}
	if h.Durable != nil && !h.durableBy(e, a.Answered) {
		h.Findings.Violated(Acknowledged, "%s was answered with position %d before that was durable", a.Client, e.Position)
	}
	if a.Status == contract.Applied && h.durableBy(e, a.Sent) {
		h.Findings.Violated(Acknowledged, "%s was answered that %s is new, but position %d was durable before the request",
			a.Client, a.Request.Key, e.Position)
	}
}

// checkShown: the account that comes with an answer is the account at that version.
func (h *History) checkShown(a Answer) {
	if a.AccountVersion == 0 {
		return
	}
	h.Findings.Check(Shown, 1)
	if is, there := h.State(a.Account, a.AccountVersion); !there || is.Balance.Minor != a.AccountBalance {
		h.Findings.Violated(Shown, "with %s came %s at version %d with %d; the log has %d there",
			a.Request.Key, a.Account, a.AccountVersion, a.AccountBalance, is.Balance.Minor)
	}
}

// checkRemembered: a key that has an event is answered with that event, or with the conflict; and a conflict is
// with another request that has the key.
func (h *History) checkRemembered(a Answer, since map[*entry]time.Duration) {
	if bank.Check(a.Request.Command) != nil {
		return // what is no request at all is refused before its key is looked at
	}
	h.Findings.Check(Remembered, 1)
	other := false
	for _, e := range h.byKey[a.Request.asked()] {
		acknowledged, is := since[e]
		known := is && acknowledged < a.Sent || h.durableBy(e, a.Sent)
		if same := e.RequestHash == a.Request.hash; known &&
			(same || a.Code != bank.IdempotencyConflict && !h.apart(a)) {
			h.Findings.Violated(Remembered, "%s of %s was refused as %s when it had been in the log at position %d before",
				a.Request.Key, a.Request.Account, a.Code, e.Position)
		} else if !same && (h.Durable == nil || h.durableBy(e, a.Answered)) {
			other = true
		}
	}
	if a.Code == bank.IdempotencyConflict && !other {
		h.Findings.Violated(Remembered,
			"%s of %s was refused because its key is taken; no other request with it is in the log", a.Request.Key,
			a.Request.Account)
	}
}

// Seen is one transaction as a subscriber received it. Position is 0 where the message does not have it.
type Seen struct {
	Account           bank.AccountID
	Version, Position int64
	Type              string
	Amount, Balance   int64
}

// Watch is what one subscriber saw, in its order.
type Watch struct {
	Name string
	// Account is what it asked for; empty for everything. After is the position after which it began.
	Account bank.AccountID
	After   int64
	Seen    []Seen
	// Subscribed counts how often it subscribed, each time where it had stopped.
	Subscribed int
}

// Wants reports whether the subscriber is to see a line.
func (w Watch) Wants(line *Entry) bool {
	return line != nil && line.Position > w.After && (w.Account == "" || w.Account == line.Account)
}

// checkWatch: a subscriber sees every transaction once and in order.
func (h *History) checkWatch(w Watch) {
	var want []Seen
	for _, e := range h.entries {
		if l := e.line; w.Wants(l) {
			want = append(want, Seen{l.Account, l.Version, l.Position, l.Type, l.Amount, l.BalanceAfter})
		}
	}
	h.Findings.Check(SeenOnce, len(w.Seen))
	for i, saw := range w.Seen {
		if i == len(want) {
			h.Findings.Violated(SeenOnce, "%s saw %d transactions more than the log has, the first %+v", w.Name,
				len(w.Seen)-len(want), saw)
			return
		}
		if saw.Position == 0 {
			saw.Position = want[i].Position
		}
		if saw != want[i] {
			h.Findings.Violated(SeenOnce, "%s, transaction %d: saw %+v, where the log has %+v", w.Name, i+1, saw, want[i])
			return
		}
	}
	if missed := len(want) - len(w.Seen); missed > 0 {
		h.Findings.Violated(SeenOnce, "%s missed the last %d of %d transactions", w.Name, missed, len(want))
	}
}
