package torture

import (
	"time"

	"corebank/internal/bank"
)

var timeless time.Time // an audit whose time nobody reads

// outcome sums up what all clients were told of one request.
type outcome struct {
	request           *Request
	acknowledged      int
	applied, unknown  int
	denied            int // refused or unavailable
	lastDeniedVerdict Verdict
	told              time.Duration // when its event was first acknowledged; 0 if it was not
	refused           *Answer       // the refusal that was asked for last
}

// checkAnswers holds every answer against the log.
func (e *Evidence) checkAnswers(v *Verification) {
	outcomes := make(map[*Request]*outcome)
	var order []*outcome
	for _, a := range e.Answers {
		o := outcomes[a.Request]
		if o == nil {
			o = &outcome{request: a.Request}
			outcomes[a.Request] = o
			order = append(order, o)
		}
		switch a.Verdict {
		case Applied, Replayed:
			o.acknowledged++
			if o.told == 0 || a.Answered < o.told {
				o.told = a.Answered
			}
			if a.Verdict == Applied {
				o.applied++
			}
			v.checked(Kept, 1)
			e.checkKept(v, a)
		case Refused:
			o.denied++
			o.lastDeniedVerdict = Refused
			if o.refused == nil || a.Sent > o.refused.Sent {
				o.refused = &a
			}
			e.checkConflict(v, a)
		case Unavailable:
			o.denied++
			o.lastDeniedVerdict = Unavailable
		case Unknown:
			o.unknown++
		}
		e.checkTold(v, a)
	}
	for _, o := range order {
		if o.applied > 1 {
			v.violated(Kept, "%s of %s was announced as new %d times", o.request.Key, o.request.Account, o.applied)
		}
		if o.told > 0 && o.refused != nil && o.refused.Sent > o.told {
			v.violated(Kept, "%s of %s was refused as %s when it had been acknowledged before", o.request.Key, o.request.Account, o.refused.Code)
		}
		if o.acknowledged > 0 || o.unknown > 0 {
			continue
		}
		v.checked(NotThere, 1)
		if found := e.logged(o.request); len(found) > 0 {
			v.violated(NotThere, "%s of %s was never anything but %s and is in the log at position %d",
				o.request.Key, o.request.Account, o.lastDeniedVerdict, found[0].position)
		}
	}
}

// logged are the records that a request made.
func (e *Evidence) logged(r *Request) (found []entry) {
	for _, i := range e.byKey[r.asked()] {
		if e.log[i].hash == r.hash() {
			found = append(found, e.log[i])
		}
	}
	return found
}

// checkKept holds an acknowledgement against the log.
func (e *Evidence) checkKept(v *Verification, a Answer) {
	found := e.logged(a.Request)
	if len(found) != 1 {
		v.violated(Kept, "%s of %s was %s as version %d and is in the log %d times", a.Request.Key, a.Account, a.Verdict, a.Version, len(found))
		return
	}
	r := found[0]
	balance := int64(0)
	if r.line != nil {
		balance = r.line.BalanceAfter
	}
	untold := a.Version == 0 && r.line == nil
	if r.account != a.Account || r.version != a.Version && !untold || balance != a.Balance {
		v.violated(Kept, "%s was %s as version %d of %s with %d after it; the log has version %d of %s with %d",
			a.Request.Key, a.Verdict, a.Version, a.Account, a.Balance, r.version, r.account, balance)
	}
}

// checkConflict holds a conflict of keys against the log: some other request
// has the key.
func (e *Evidence) checkConflict(v *Verification, a Answer) {
	if a.Code != bank.IdempotencyConflict {
		return
	}
	v.checked(AtMostOnce, 1)
	for _, i := range e.byKey[a.Request.asked()] {
		if e.log[i].hash != a.Request.hash() {
			return
		}
	}
	v.violated(AtMostOnce, "%s of %s was told that its key is taken; no other request with it is in the log", a.Request.Key, a.Account)
}

// checkTold holds the account that came with an answer against the log.
func (e *Evidence) checkTold(v *Verification, a Answer) {
	if a.ToldVersion == 0 {
		return
	}
	is, there := e.state(a.Account, a.ToldVersion)
	if !there || is.Balance.Minor != a.ToldBalance {
		v.violated(Kept, "with %s came %s at version %d with %d; the log has %d there", a.Request.Key, a.Account, a.ToldVersion, a.ToldBalance, is.Balance.Minor)
	}
}

// checkKeys holds the log against what was asked.
func (e *Evidence) checkKeys(v *Verification) {
	for name, found := range e.byKey {
		v.checked(AtMostOnce, 1)
		if len(found) > 1 {
			v.violated(AtMostOnce, "%s of %s has %d events", name.key, name.account, len(found))
		}
		for _, i := range found {
			if e.log[i].past {
				continue
			}
			v.checked(Asked, 1)
			if e.log[i].command == nil {
				v.violated(Asked, "nobody sent %s of %s as it is at position %d", name.key, name.account, e.log[i].position)
			}
		}
	}
}
