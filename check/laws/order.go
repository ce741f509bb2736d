package laws

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// orderTime bounds the search for an order of one account's answers.
const orderTime = time.Minute

// The model of an account is the domain's: its state is the account after a version, and a request is decided
// there. Which version a request made is known from the log, so that nothing has to be guessed.

// fact is one operation of the model: whether it can happen after a version, and the version after it.
type fact struct {
	text  string // in a picture
	event bool   // the versions after it need it
	step  func(now int64) (can bool, next int64)
}

// happened is an event that was acknowledged, or found in the log.
func happened(e *entry) fact {
	return fact{fmt.Sprintf("version %d, key %s", e.Version, e.Key), true,
		func(now int64) (bool, int64) { return e.Version == now+1, now + 1 }}
}

// present says that the event of a key is there already.
func present(e *entry) fact {
	return fact{fmt.Sprintf("version %d is there, key %s", e.Version, e.Key), false,
		func(now int64) (bool, int64) { return now >= e.Version, now }}
}

// refusal says that the domain refuses a request with these words.
func (h *History) refusal(a Answer) fact {
	looked := make(map[int64]bool)
	text := fmt.Sprintf("%+v refused: %s, %v available, key %s", a.Request.Command, a.Code, a.Available, a.Request.Key)
	return fact{text, false, func(now int64) (bool, int64) {
		is, known := looked[now]
		if !known {
			is = h.refuses(a, now)
			looked[now] = is
		}
		return is, now
	}}
}

// modelOf is the model: one account, to which everything happens in order from the version that it had when the run
// began.
func modelOf(began int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return began },
		Step: func(s, in, _ any) (bool, any) {
			can, next := in.(fact).step(s.(int64))
			return can, next
		},
		DescribeOperation: func(in, _ any) string { return in.(fact).text },
		DescribeState:     func(s any) string { return fmt.Sprint("version ", s) },
	}
}

// refuses reports whether the account refuses what was refused, after a version and at some time of the request by
// some clock.
func (h *History) refuses(a Answer, version int64) bool {
	state, ok := h.State(a.Request.Account, version)
	if !ok {
		return false
	}
	skews := h.Skews
	if skews == nil {
		skews = []time.Duration{0}
	}
	for _, skew := range skews {
		for _, at := range h.times(state, a, skew) {
			command := a.Request.Command
			_, refusal := state.Decide(command, h.circumstances(state, command, at, h.Caller, a.Request.Key))
			if refusal != nil && refusal.Code == a.Code && given(a.Available, refusal.Available) &&
				given(a.Shortfall, refusal.Shortfall) {
				return true
			}
		}
	}
	return false
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

// checkOrder: the answers about an account have an order in which the domain gives all of them, and that agrees
// with the clock. Where it is known since when each record is durable, the order of the events is given, and only
// each refusal has to find its place.
func (h *History) checkOrder() {
	if h.Durable != nil {
		for _, a := range h.Answers {
			if a.Status == contract.Refused && a.Code != bank.IdempotencyConflict {
				h.checkRefusal(a)
			}
		}
		return
	}
	for id, operations := range h.operations() {
		h.Findings.Check(Linearizable, len(operations))
		model := modelOf(h.versionBefore(id))
		switch porcupine.CheckOperationsTimeout(model, operations, orderTime) {
		case porcupine.Illegal:
			h.Findings.Violated(Linearizable, "no order of the %d answers about %s explains them all%s",
				len(operations), id, h.explain(id, model, operations))
		case porcupine.Unknown:
			h.Findings.Violated(Linearizable, "no order of the %d answers about %s was found within %v", len(operations), id,
				orderTime)
		}
	}
}

// checkRefusal holds a refusal to the versions that the account had meanwhile.
func (h *History) checkRefusal(a Answer) {
	h.Findings.Check(Linearizable, 1)
	if h.taken(a) {
		return
	}
	stream := h.streams[a.Request.Account]
	for version := range len(stream) + 1 {
		began := version == 0 || h.durableBy(stream[version-1], a.Answered)
		ended := version < len(stream) && h.durableBy(stream[version], a.Sent)
		if began && !ended && h.refuses(a, int64(version)) {
			return
		}
	}
	h.Findings.Violated(Linearizable, "%s was refused %[3]s as %[2]s, which was right at no time from %[4]s to %[5]s",
		a.Client, a.Code, a.Request.Key, a.Sent, a.Answered)
}

// taken reports whether an opening was refused because another account has the external id, and one has.
func (h *History) taken(a Answer) bool {
	opening, is := a.Request.Command.(bank.OpenAccount)
	if !is || a.Code != bank.ExternalIDTaken {
		return false
	}
	for _, e := range h.streams[bank.NewClaimID(opening.ExternalID)] {
		if claim, is := e.event.(bank.ExternalIDClaimed); is && claim.Account != a.Request.Account &&
			h.durableBy(e, a.Answered) {
			return true
		}
	}
	return false
}

// versionBefore is the version of an account when the run began.
func (h *History) versionBefore(id bank.AccountID) (version int64) {
	for _, e := range h.streams[id] {
		if e.before {
			version = e.Version
		}
	}
	return version
}

// window is when something may have happened.
type window struct {
	client     int
	call, last time.Duration
}

const forever = time.Duration(1<<62 - 1)

// operations are what happened to each account, with the time in which it must have happened.
func (h *History) operations() map[bank.AccountID][]porcupine.Operation {
	all := make(map[bank.AccountID][]porcupine.Operation)
	add := func(id bank.AccountID, f fact, w window) {
		all[id] = append(all[id],
			porcupine.Operation{ClientId: w.client, Input: f, Call: int64(w.call), Return: int64(w.last)})
	}
	clients := make(map[string]int)
	made := make(map[*entry]*window) // when the request of a record may have happened
	for _, a := range h.Answers {
		if _, known := clients[a.Client]; !known {
			clients[a.Client] = len(clients)
		}
		client, e := clients[a.Client], h.entryOf(a.Request)
		if e != nil && (a.Acknowledged() || a.Status == contract.Unknown) {
			w := made[e]
			if w == nil {
				w = &window{client, a.Sent, forever}
				made[e] = w
			}
			w.call = min(w.call, a.Sent)
			if a.Acknowledged() {
				w.last = min(w.last, a.Answered)
			}
		}
		if f, is := h.factOf(a, e); is {
			add(a.Request.Account, f, window{client, a.Sent, a.Answered})
		}
	}
	for _, e := range h.entries { // what the bank did by itself is not before what it follows from
		if made[e] == nil && e.cause != nil && made[e.cause] != nil {
			made[e] = &window{0, made[e.cause].call, forever}
		}
		if w := made[e]; w != nil {
			add(e.Account, happened(e), *w)
		}
	}
	for _, operations := range all {
		slices.SortStableFunc(operations, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	}
	return all
}

// factOf is what an answer implies about the account, besides that its own event happened.
func (h *History) factOf(a Answer, e *entry) (fact, bool) {
	switch {
	case a.Status == contract.Replayed && e != nil:
		return present(e), true
	case a.Status != contract.Refused:
		return fact{}, false
	case a.Code != bank.IdempotencyConflict:
		return h.refusal(a), true
	}
	if others := h.byKey[a.Request.asked()]; len(others) > 0 {
		return present(others[0]), true
	}
	return fact{}, false
}
