package simulation

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// asked names a request as the log does: account, key, and a hash of the rest.
type asked struct {
	account bank.AccountID
	key     string
	hash    string
}

func (r request) asked() asked { return asked{r.account, r.key, r.wire.Hash()} }

// checkAnswers holds every answer that a client got to the log.
func (h *history) checkAnswers() {
	w := h.world
	byRequest := make(map[asked][]attempt)
	applied := make(map[event]int)
	for _, a := range w.attempts {
		byRequest[a.asked()] = append(byRequest[a.asked()], a)
		h.checkAnswer(a)
		if a.outcome.Status == contract.Applied {
			applied[event{a.account, a.outcome.Record.Version}]++
		}
	}
	for it, times := range applied {
		if times > 1 {
			w.violated(Durable, "version %d of %s was announced as new %d times", it.version, w.name(it.account), times)
		}
	}
	logged := make(map[asked]contract.Record, len(h.records))
	for _, r := range h.records {
		it := asked{r.Account, r.Key, r.RequestHash}
		logged[it] = r
		if byRequest[it] == nil && !h.follows(r) {
			w.violated(Asked, "nobody asked for position %d, %s of %s", r.Position, r.Key, w.name(r.Account))
		}
	}
	for it, attempts := range byRequest {
		r, there := logged[it]
		if there && !slices.ContainsFunc(attempts, func(a attempt) bool { return h.mayHaveCaused(a, r) }) {
			w.violated(Denied, "%s of %s was always denied before it came into the log at position %d", it.key, w.name(it.account), r.Position)
		}
	}
}

// mayHaveCaused reports whether a record may be there because of an attempt: it
// was made before, and its answer leaves room for it.
func (h *history) mayHaveCaused(a attempt, r contract.Record) bool {
	switch a.outcome.Status {
	case contract.Applied, contract.Replayed, contract.Unknown:
		return !h.durableBy(r, a.sent)
	}
	return false
}

func (h *history) checkAnswer(a attempt) {
	switch a.outcome.Status {
	case contract.Applied, contract.Replayed:
		h.checkAccepted(a)
	case contract.Refused:
		if r := h.earlier(a); r != nil && a.outcome.Refusal.Code != bank.IdempotencyConflict {
			h.world.violated(Remembered, "%s was told %q of %s, which had been at position %d since before it asked",
				a.client, a.outcome.Refusal.Message, a.key, r.Position)
		}
		if !h.justified(a) {
			h.world.violated(TrueDenial, "%s was told %q of %s, which was so at no time from %s to %s",
				a.client, a.outcome.Refusal.Message, a.key, a.sent, a.answered)
		}
	case contract.Unavailable, contract.Unknown:
	default:
		h.world.violated(Recovers, "%s was told %s of %s: %s", a.client, a.outcome.Status, a.key, a.outcome.Reason)
	}
	h.checkAccount(a)
}

// earlier is the event that carries an attempt's key, if it was durable before
// the attempt was made.
func (h *history) earlier(a attempt) *contract.Record {
	for _, r := range h.streams[a.account] {
		if r.Key == a.key && h.durableBy(r, a.sent) {
			return &r
		}
	}
	return nil
}

// checkAccepted holds an acknowledgement to the log: its record is there, it
// was durable before the client heard of it, and it does what was asked.
func (h *history) checkAccepted(a attempt) {
	told := a.outcome.Record
	stream := h.streams[a.account]
	if told.Version < 1 || told.Version > int64(len(stream)) {
		h.world.violated(Durable, "%s was told that %s is version %d of %s, which has %d", a.client, a.key, told.Version, h.world.name(a.account), len(stream))
		return
	}
	r := stream[told.Version-1]
	if h.places[event{r.Account, r.Version}] != told.Position || r.Key != a.key || r.RequestHash != a.wire.Hash() || string(r.Data) != string(told.Data) {
		h.world.violated(Durable, "%s was told that %s is at position %d; there is %+v", a.client, a.key, told.Position, r)
		return
	}
	event, err := r.Event()
	if err != nil || len(bank.Conflicts(event, a.command)) > 0 {
		h.world.violated(Durable, "%s asked for %+v and got %+v, %v", a.client, a.command, event, err)
	}
	if !h.durableBy(r, a.answered) {
		h.world.violated(Durable, "%s was told of position %d before it was durable", a.client, r.Position)
	}
	if a.outcome.Status == contract.Applied && h.durableBy(r, a.sent) {
		h.world.violated(Durable, "%s was told that %s is new, but position %d was there before it asked", a.client, a.key, r.Position)
	}
}

// justified reports whether a refusal was right at some time of the request.
func (h *history) justified(a attempt) bool {
	if a.outcome.Refusal.Code == bank.IdempotencyConflict {
		return slices.ContainsFunc(h.streams[a.account], func(r contract.Record) bool {
			return r.Key == a.key && r.RequestHash != a.wire.Hash() && h.durableBy(r, a.answered)
		})
	}
	if opening, is := a.command.(bank.OpenAccount); is && a.outcome.Refusal.Code == bank.ExternalIDTaken {
		return slices.ContainsFunc(h.streams[bank.NewClaimID(opening.ExternalID)], func(r contract.Record) bool {
			event, err := r.Event()
			claim, is := event.(bank.ExternalIDClaimed)
			return err == nil && is && claim.Account != a.account && h.durableBy(r, a.answered)
		})
	}
	states := h.states[a.account]
	if states == nil {
		states = []bank.Account{{ID: a.account}}
	}
	for version, state := range states {
		if h.current(a.account, version, a.sent, a.answered) && h.refuses(state, a) {
			return true
		}
	}
	return false
}

// refuses reports whether an account refuses a request as the client was told,
// at some time of the request by some clock.
func (h *history) refuses(state bank.Account, a attempt) bool {
	in := bank.Circumstances{Caller: "customer", Key: a.key}
	if version := state.RequiredVersion(a.command); version > 0 {
		in.Past, _ = h.streams[a.account][version-1].Event()
	}
	for _, skew := range h.world.skews {
		for _, in.Now = range h.times(state, in.Past, a, skew) {
			if in.Now.Before(state.ChangedAt) {
				in.Now = state.ChangedAt
			}
			if _, refusal := state.Decide(a.command, in); refusal != nil && sameRefusal(refusal, a.outcome.Refusal) {
				return true
			}
		}
	}
	return false
}

// times are those at which a request may have been looked at by a clock: its
// beginning, its end, and when between them something expired.
func (h *history) times(state bank.Account, past bank.Event, a attempt, skew time.Duration) []time.Time {
	sent, answered := h.world.began.Add(a.sent+skew).UTC(), h.world.began.Add(a.answered+skew).UTC()
	times := []time.Time{sent, answered}
	add := func(at time.Time) {
		if at.After(sent) && at.Before(answered) {
			times = append(times, at)
		}
	}
	for _, hold := range state.Holds {
		add(hold.ExpiresAt)
	}
	if placed, is := past.(bank.HoldPlaced); is {
		add(placed.ExpiresAt)
	}
	if c, is := a.command.(bank.PlaceHold); is {
		add(c.ExpiresAt)
	}
	return times
}

func sameRefusal(a, b *bank.Refusal) bool {
	if a.Code != b.Code || (a.Available == nil) != (b.Available == nil) {
		return false
	}
	return a.Available == nil || (*a.Available == *b.Available && *a.Shortfall == *b.Shortfall)
}

// checkAccount holds the account that comes with an answer to the log.
func (h *history) checkAccount(a attempt) {
	told := a.outcome.Account
	if told == nil {
		return
	}
	states := h.states[a.account]
	if told.Version < 1 || told.Version >= int64(len(states)) {
		h.world.violated(TrueState, "%s was told of version %d of %s, which has %d", a.client, told.Version, h.world.name(a.account), len(states)-1)
		return
	}
	is := states[told.Version]
	if told.Balance != is.Balance || told.Owner != is.Owner || told.Currency != is.Currency ||
		!told.ChangedAt.Equal(is.ChangedAt) || !told.OpenedAt.Equal(is.OpenedAt) {
		h.world.violated(TrueState, "%s was told that %s is %+v; the log says %+v", a.client, h.world.name(a.account), *told, is)
	}
}

// resolve asks once more for everything whose outcome a client does not know:
// in a healed bank every question gets an answer.
func (w *world) resolve() {
	w.mu.Lock()
	attempts := slices.Clone(w.attempts)
	w.mu.Unlock()
	slices.SortFunc(attempts, func(a, b attempt) int {
		return cmp.Or(cmp.Compare(a.answered, b.answered), strings.Compare(a.client, b.client))
	})
	open, order := make(map[asked]request), []asked(nil)
	for _, a := range attempts {
		it := a.asked()
		_, was := open[it]
		switch a.outcome.Status {
		case contract.Unknown, contract.Unavailable:
			if !was {
				order = append(order, it)
			}
			open[it] = a.request
		default:
			delete(open, it)
		}
	}
	th := w.thread("auditor", nil)
	for _, it := range order {
		r, is := open[it]
		if !is {
			continue
		}
		delete(open, it)
		if told := w.ask(th, r, healTime); told.Status == contract.Unknown || told.Status == contract.Unavailable {
			w.violated(Recovers, "%s of %s is still %s in a healthy bank: %s", r.key, w.name(r.account), told.Status, told.Reason)
		}
	}
}
