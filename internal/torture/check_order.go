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

// state is what the model knows of an account.
type state struct{ version, balance int64 }

// fact is one operation of the model. Which version a request made is known
// from the log, so that nothing has to be guessed.
type fact struct {
	what string
	// version is the one that an event made, or that had to be there already.
	version int64
	// change moves the balance, which is after the event.
	change, after int64
	// available is what a refused withdrawal was told.
	available int64
}

// The operations.
const (
	factEvent   = "event"    // an acknowledged request, or one found in the log
	factReplay  = "replay"   // the event is there already
	factTaken   = "taken"    // another request with the key is there already
	factTooMuch = "too much" // the balance is what was told
)

// modelOf is the model: one account, to which everything happens in order from
// what it was when the run began.
func modelOf(began state) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return began },
		Step: func(s, in, _ any) (bool, any) {
			now, f := s.(state), in.(fact)
			switch f.what {
			case factEvent:
				next := state{now.version + 1, now.balance + f.change}
				return f.version == next.version && f.after == next.balance && next.balance >= 0, next
			case factTooMuch:
				return now.balance == f.available && now.version > 0, now
			default:
				return now.version >= f.version, now
			}
		},
		DescribeOperation: func(in, _ any) string { return fmt.Sprintf("%+v", in) },
		DescribeState:     func(s any) string { return fmt.Sprintf("%+v", s) },
	}
}

// began is what an account was when the run began.
func (e *Evidence) began(id bank.AccountID) (s state) {
	for _, i := range e.streams[id] {
		if r := e.log[i]; r.past {
			s = state{r.version, eventFact(r).after}
		}
	}
	return s
}

// checkOrder looks for an order of each account's answers that explains all of
// them and agrees with the clock.
func (e *Evidence) checkOrder(v *Verification) {
	for id, operations := range e.operations() {
		v.checked(Ordered, len(operations))
		model := modelOf(e.began(id))
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
	type window struct {
		client     int
		call, last time.Duration
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
		if f, is := e.fact(a); is {
			add(a.Account, a.Client, f, a.Sent, a.Answered)
		}
	}
	for place, w := range made {
		r := e.log[place]
		add(r.account, w.client, eventFact(r), w.call, w.last)
	}
	for _, operations := range all {
		slices.SortFunc(operations, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	}
	return all
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

func eventFact(r entry) fact {
	f := fact{what: factEvent, version: r.version}
	if r.line != nil {
		f.after, f.change = r.line.BalanceAfter, r.line.Amount
		if r.line.Type == "WITHDRAWAL" {
			f.change = -f.change
		}
	}
	return f
}

// fact is what an answer says of the account besides that its own event
// happened.
func (e *Evidence) fact(a Answer) (fact, bool) {
	switch {
	case a.Verdict == Replayed:
		return fact{what: factReplay, version: a.Version}, true
	case a.Verdict == Refused && a.Code == bank.InsufficientFunds:
		return fact{what: factTooMuch, available: a.Available}, true
	case a.Verdict == Refused && a.Code == bank.IdempotencyConflict:
		if others := e.byKey[a.Request.asked()]; len(others) > 0 {
			return fact{what: factTaken, version: e.log[others[0]].version}, true
		}
	case a.Verdict == Refused && a.Code == bank.CurrencyMismatch:
		return fact{what: factTaken, version: 1}, true
	}
	return fact{}, false
}
