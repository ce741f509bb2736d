package torture

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"corebank/internal/bank"
)

// orderTime bounds the search for an order of one account's answers.
const orderTime = time.Minute

// The model of an account is the domain's: its state is the account after a
// version, and a request is decided there. Which version a request made is
// known from the log, so that nothing has to be guessed.

// fact is one operation of the model.
type fact struct {
	what string
	// version is the one that an event made, or that had to be there already.
	version int64
	// decided: the domain makes the event of its command after the version
	// before it.
	decided bool
	// refused is the answer of a refusal, and holds whether it is true after a
	// version, as far as that was looked at.
	refused *Answer
	holds   map[int64]bool
}

// The operations.
const (
	factEvent   = "event"   // an acknowledged request, or one found in the log
	factReplay  = "replay"  // the event is there already
	factTaken   = "taken"   // another request with the key is there already
	factRefused = "refused" // the domain refuses it with these words
)

// String is the fact in a picture.
func (f fact) String() string {
	if f.refused != nil {
		return fmt.Sprintf("%+v refused: %s, %d available", f.refused.Request.Command, f.refused.Code, f.refused.Available)
	}
	return fmt.Sprintf("%s version %d, decided %t", f.what, f.version, f.decided)
}

// modelOf is the model: one account, to which everything happens in order from
// the version that it had when the run began.
func (e *Evidence) modelOf(began int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return began },
		Step: func(s, in, _ any) (bool, any) {
			now, f := s.(int64), in.(fact)
			switch f.what {
			case factEvent:
				return f.version == now+1 && f.decided, now + 1
			case factRefused:
				return e.refuses(f, now), now
			default:
				return now >= f.version, now
			}
		},
		DescribeOperation: func(in, _ any) string { return in.(fact).String() },
		DescribeState:     func(s any) string { return fmt.Sprint("version ", s) },
	}
}

// refuses reports whether the account refuses what was refused, after a version
// and at some time of the request.
func (e *Evidence) refuses(f fact, version int64) bool {
	is, known := f.holds[version]
	if known {
		return is
	}
	a, ok := e.state(f.refused.Account, version)
	for _, at := range e.times(a, *f.refused) {
		is = is || ok && e.refusesAt(a, *f.refused, at)
	}
	f.holds[version] = is
	return is
}

func (e *Evidence) refusesAt(a bank.Account, told Answer, at time.Time) bool {
	command := told.Request.Command
	_, refusal := a.Decide(command, e.circumstances(a, command, at, "", told.Request.Key))
	if refusal == nil || refusal.Code != told.Code {
		return false
	}
	return refusal.Code != bank.InsufficientFunds || refusal.Available.Minor == told.Available
}

// times are those at which an account may have looked at a request: when it was
// sent and answered, and when between them something expired.
func (e *Evidence) times(a bank.Account, told Answer) []time.Time {
	sent, answered := e.Began.Add(told.Sent), e.Began.Add(told.Answered)
	times := []time.Time{sent, answered}
	add := func(at time.Time) {
		if at.After(sent) && at.Before(answered) {
			times = append(times, at)
		}
	}
	for _, h := range a.Holds {
		add(h.ExpiresAt)
	}
	if c, ok := told.Request.Command.(bank.PlaceHold); ok {
		add(c.ExpiresAt)
	}
	if past, there := e.at(a.ID, a.RequiredVersion(told.Request.Command)); there {
		if placed, ok := past.event.(bank.HoldPlaced); ok {
			add(placed.ExpiresAt)
		}
	}
	return times
}

// began is the version of an account when the run began.
func (e *Evidence) began(id bank.AccountID) (version int64) {
	for _, i := range e.streams[id] {
		if r := e.log[i]; r.past {
			version = r.version
		}
	}
	return version
}

// checkOrder looks for an order of each account's answers that explains all of
// them and agrees with the clock.
func (e *Evidence) checkOrder(v *Verification) {
	for id, operations := range e.operations() {
		v.checked(Ordered, len(operations))
		model := e.modelOf(e.began(id))
		switch porcupine.CheckOperationsTimeout(model, operations, orderTime) {
		case porcupine.Illegal:
			v.violated(Ordered, "no order of the %d answers about %s explains them all%s", len(operations), id, e.picture(id, model, operations))
		case porcupine.Unknown:
			v.violated(Ordered, "no order of the %d answers about %s was found within %v", len(operations), id, orderTime)
		}
	}
}

// picture draws a history without an order, and tells where.
func (e *Evidence) picture(id bank.AccountID, model porcupine.Model, operations []porcupine.Operation) string {
	if e.Pictures == "" {
		return ""
	}
	path := filepath.Join(e.Pictures, "order-"+string(id)+".html")
	_, info := porcupine.CheckOperationsVerbose(model, operations, orderTime)
	if err := porcupine.VisualizePath(model, info, path); err != nil {
		return ": " + err.Error()
	}
	return "; see " + path
}

// operations are what happened to each account, with the time in which it must
// have happened.
func (e *Evidence) operations() map[bank.AccountID][]porcupine.Operation {
	all := make(map[bank.AccountID][]porcupine.Operation)
	add := func(id bank.AccountID, client int, f fact, call, until time.Duration) {
		all[id] = append(all[id], porcupine.Operation{ClientId: client, Input: f, Call: int64(call), Return: int64(until)})
	}
	made := make(map[int]*window) // by place in the log: when its request may have happened
	for _, a := range e.Answers {
		place := e.place(a.Request)
		if place >= 0 && (a.Verdict == Applied || a.Verdict == Unknown || a.Verdict == Replayed) {
			w := made[place]
			if w == nil {
				w = &window{a.Client, a.Sent, forever}
				made[place] = w
			}
			w.call = min(w.call, a.Sent)
			if a.acknowledged() {
				w.last = min(w.last, a.Answered)
			}
		}
		if f, is := e.fact(a, place); is {
			add(a.Account, a.Client, f, a.Sent, a.Answered)
		}
	}
	e.steps(made)
	for place, w := range made {
		r := e.log[place]
		add(r.account, w.client, fact{what: factEvent, version: r.version, decided: r.decided}, w.call, w.last)
	}
	for _, operations := range all {
		slices.SortFunc(operations, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	}
	return all
}

// window is when something may have happened.
type window struct {
	client     int
	call, last time.Duration
}

// steps adds what the bank did by itself: not before what it follows from.
func (e *Evidence) steps(made map[int]*window) {
	for place, r := range e.log {
		cause := -1
		switch t := r.event.(type) {
		case bank.TransferReceived:
			cause = e.course(t.Transfer).place
		case bank.TransferRejected:
			cause = e.course(t.Transfer).place
		case bank.TransferCompleted:
			cause = e.course(t.Transfer).place
		case bank.TransferReturned:
			cause = e.course(t.Transfer).place
		case bank.HoldExpired:
			if stream := e.streams[r.account]; t.Hold <= int64(len(stream)) {
				cause = stream[t.Hold-1]
			}
		}
		if cause >= 0 && made[cause] != nil {
			made[place] = &window{0, made[cause].call, forever}
		}
	}
}

// place is where in the log the event of a request is; -1 for nowhere.
func (e *Evidence) place(r *Request) int {
	for _, i := range e.byKey[r.asked()] {
		if e.log[i].hash == r.hash() {
			return i
		}
	}
	return -1
}

const forever = time.Duration(1<<62 - 1)

// fact is what an answer says of the account besides that its own event, which
// is at a place in the log, happened.
func (e *Evidence) fact(a Answer, place int) (fact, bool) {
	switch {
	case a.Verdict == Replayed && place >= 0:
		return fact{what: factReplay, version: e.log[place].version}, true
	case a.Verdict == Refused && a.Code == bank.IdempotencyConflict:
		if others := e.byKey[a.Request.asked()]; len(others) > 0 {
			return fact{what: factTaken, version: e.log[others[0]].version}, true
		}
	case a.Verdict == Refused && a.Request.Account != "":
		return fact{what: factRefused, refused: &a, holds: make(map[int64]bool)}, true
	}
	return fact{}, false
}
