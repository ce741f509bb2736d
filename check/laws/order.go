package laws

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// never is later than anything in a run, ever earlier.
const (
	ever  = time.Duration(-1)
	never = time.Duration(1<<62 - 1)
)

// checkOrder: the answers have one order, of all accounts together, in which the domain gives all of them, and that
// agrees with the clock. What happened has its versions from the log; where it is known since when each record is
// durable, that is when it happened. When the bank looked to refuse something has to be found.
func (h *History) checkOrder() {
	sorted, circle := inOrder(h.moments())
	if circle != nil {
		var facts []string
		for i, m := range circle {
			facts = append(facts, fmt.Sprintf("%s, before %s", m, circle[(i+1)%len(circle)]))
		}
		h.unexplained(circle[0].entries[0].Account, facts...)
		return
	}
	var looks []*look
	for _, a := range h.Answers {
		if l := h.lookOf(a); l != nil {
			looks = append(looks, l)
		}
	}
	h.Findings.Check(Linearizable, len(sorted)+len(looks))
	untimely, wrong := schedule(sorted, looks)
	for _, m := range untimely {
		h.unexplained(m.entries[0].Account, m.latest(), m.earliest())
	}
	for _, l := range wrong {
		h.unexplained(h.refuser(l.answer), l.conflict()...)
	}
}

// refuses reports whether what was refused breaks a rule of an account after a version, at some time of the request by
// some clock: of the account that was asked, or of that of a leg. What breaks a rule of one account does so whatever
// the others are like.
func (h *History) refuses(a Answer, id bank.AccountID, version int64) bool {
	state, ok := h.State(id, version)
	if !ok {
		return false
	}
	skews := h.Skews
	if skews == nil {
		skews = []time.Duration{0}
	}
	for _, skew := range skews {
		for _, at := range h.times(state, a, skew) {
			if slices.ContainsFunc(h.refusals(a, state, at), func(r *bank.Refusal) bool {
				return r.Code == a.Code && given(a.Available, r.Available) && given(a.Shortfall, r.Shortfall)
			}) {
				return true
			}
		}
	}
	return false
}

// refusals are those that a request can be answered with: the first, or all of the leg that the answer names.
func (h *History) refusals(a Answer, state bank.Account, at time.Time) (some bank.Refusals) {
	command, own := a.Request.Command, state
	if state.ID != a.Request.Account {
		own = h.asked(a)
	}
	in := h.circumstances(own, command, at, h.Caller, a.Request.Key)
	if len(bank.Parties(command, own, in)) > 0 {
		_, broken := bank.DecideTogether(command, own.ID, func(id bank.AccountID) bank.Party {
			party := own
			if id == state.ID {
				party = state
			} else if id != own.ID {
				party = h.early(id, a.Sent)
			}
			return bank.Party{Account: party, Now: noEarlier(at, party)}
		}, in)
		for i, refusal := range broken {
			if a.Leg == nil && i == 0 || a.Leg != nil && refusal.Leg != nil && *refusal.Leg == *a.Leg {
				some = append(some, refusal)
			}
		}
	}
	if _, refusal := own.Decide(command, in); refusal != nil && a.Leg == nil {
		some = append(some, refusal)
	}
	return some
}

// asked is the first state in which the account can have been that was asked: with the transaction that is to be
// reversed, of which a client may hear before it is known when that happened.
func (h *History) asked(a Answer) bank.Account {
	own := h.early(a.Request.Account, a.Sent)
	if c, is := a.Request.Command.(bank.Reverse); is && own.Version < c.Transaction {
		if there, ok := h.State(a.Request.Account, c.Transaction); ok {
			return there
		}
	}
	return own
}

// early is the first state that an account can have been in at a time.
func (h *History) early(id bank.AccountID, at time.Duration) bank.Account {
	stream := h.streams[id]
	version := sort.Search(len(stream), func(i int) bool { return stream[i].moment.late > at })
	state, _ := h.State(id, int64(version))
	return state
}

// refuser is the account whose rule a refusal names.
func (h *History) refuser(a Answer) bank.AccountID {
	id := a.Request.Account
	if a.Leg == nil {
		return id
	}
	switch c := a.Request.Command.(type) {
	case bank.PostTransaction:
		if *a.Leg < len(c.Legs) {
			return c.Legs[*a.Leg].Account
		}
	case bank.Reverse:
		if e := h.at(id, c.Transaction); e != nil {
			if home, version, elsewhere := bank.WholeOf(e.event); elsewhere {
				e = h.at(home, version)
			}
			if posted, is := e.event.(bank.LegPosted); is && *a.Leg < len(posted.Legs) {
				return posted.Legs[*a.Leg].Account
			}
		}
	}
	return id
}

// given reports whether an amount that an answer gives is the right one.
func given(got, want *bank.Money) bool { return got == nil || want != nil && got.Minor == want.Minor }

// times are those at which an account may have looked at a request by a clock: when it was sent and answered, and
// when between them something expired.
func (h *History) times(state bank.Account, a Answer, skew time.Duration) []time.Time {
	sent, answered := h.Began.Add(a.Sent+skew).UTC(), h.Began.Add(a.Answered+skew).UTC()
	times := []time.Time{sent, answered}
	add := func(at time.Time) {
		if at.After(sent) && at.Before(answered) {
			times = append(times, at)
		}
	}
	for _, hold := range state.Holds {
		add(hold.ExpiresAt)
	}
	switch c := a.Request.Command.(type) {
	case bank.PlaceHold:
		add(c.ExpiresAt)
	case bank.AdjustHold:
		add(c.ExpiresAt)
	}
	return times
}

// lookOf is the look at an account that refused a request; nil for other answers. That a key is taken is no look: it
// is known which event has it.
func (h *History) lookOf(a Answer) *look {
	if a.Status != contract.Refused || a.Code == bank.IdempotencyConflict || h.apart(a) || h.taken(a) {
		return nil
	}
	l := &look{from: a.Sent, to: a.Answered, answer: a}
	id := h.refuser(a)
	for _, e := range h.streams[id] {
		l.stream = append(l.stream, e.moment)
	}
	looked := make(map[int]bool)
	l.holds = func(version int) bool {
		is, known := looked[version]
		if !known {
			is = h.refuses(a, id, int64(version))
			looked[version] = is
		}
		return is
	}
	return l
}

// apart reports whether what was asked concerns several partitions, which no account and no key decides.
func (h *History) apart(a Answer) bool { return a.Code == bank.AccountsApart && !h.Undivided }

// taken reports whether an opening was refused because another account has the external id, and one has.
func (h *History) taken(a Answer) bool {
	opening, is := a.Request.Command.(bank.OpenAccount)
	if !is || a.Code != bank.ExternalIDTaken {
		return false
	}
	for _, e := range h.streams[bank.NewClaimID(opening.ExternalID)] {
		if claim, is := e.event.(bank.ExternalIDClaimed); is && claim.Account != a.Request.Account &&
			e.moment.early <= a.Answered {
			return true
		}
	}
	return false
}

// moments are what happened, each with the time in which it did: not before it was asked for, or before what it
// follows from, and not after somebody was answered that it had. What belongs together happened at once; whether it was
// written at once, checkTogether finds.
func (h *History) moments() (all []*moment) {
	last, batches := make(map[bank.AccountID]*entry), make(map[*Request]*moment)
	for _, e := range h.entries {
		if m := batches[e.batch]; m != nil && e.batch != nil {
			e.moment = m
		} else if e.ofOneStep() {
			e.moment = e.cause.moment
		} else {
			e.moment = &moment{early: ever, late: never}
			batches[e.batch], all = e.moment, append(all, e.moment)
		}
		m := e.moment
		m.entries = append(m.entries, e)
		for _, before := range []*entry{last[e.Account], e.cause} {
			if before != nil && before.moment != m {
				before.moment.next = append(before.moment.next, m)
			}
		}
		last[e.Account] = e
		if e.before {
			m.late = ever
		} else if h.Durable != nil {
			if at, durable := h.Durable(e.Account, e.Version); durable {
				m.early, m.late = max(m.early, at), min(m.late, at)
			}
		}
	}
	h.bound()
	return all
}

// bound takes the bounds of the moments from the answers.
func (h *History) bound() {
	asked := make(map[*entry]time.Duration)
	known := func(e *entry, by time.Duration) {
		if e != nil {
			e.moment.late = min(e.moment.late, by)
		}
	}
	for _, a := range h.Answers {
		e := h.entryOf(a.Request)
		if since, is := asked[e]; e != nil && (a.Acknowledged() || a.Status == contract.Unknown) &&
			(!is || a.Sent < since) {
			asked[e] = a.Sent
		}
		if a.Acknowledged() {
			known(e, a.Answered)
		}
		if others := h.byKey[a.Request.asked()]; a.Code == bank.IdempotencyConflict && len(others) > 0 {
			known(others[0], a.Answered)
		}
		known(h.at(a.Account, a.AccountVersion), a.Answered)
		for _, leg := range a.Legs {
			known(h.at(leg.Account, leg.Version), a.Answered)
		}
	}
	for e, since := range asked {
		e.moment.early = max(e.moment.early, since)
	}
}
