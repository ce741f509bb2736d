package torture

import (
	"slices"
	"time"

	"corebank/check/laws"
	"corebank/internal/contract"
)

// asked is a request as its client waited for it.
type asked struct {
	client         string
	gateway        int // from 0
	sent, answered time.Duration
	settled        bool // it has an outcome
	applied        bool // it happened now
}

func newAsked(client string, gateway int32, a laws.Answer) asked {
	return asked{client: client, gateway: int(gateway), sent: a.Sent, answered: a.Answered, settled: a.Settled(),
		applied: a.Status == contract.Applied}
}

// Waits are what some clients noticed of a fault: the longest time that one of them had no outcome of any request, and
// how many requests had none.
type Waits struct {
	Longest Seconds `json:"longest"`
	Failed  int     `json:"failed"`
}

func (w *Waits) add(other Waits) {
	w.Longest, w.Failed = max(w.Longest, other.Longest), w.Failed+other.Failed
}

// waitsOf tells apart, of all requests between two moments, what the clients of the hurt gateways noticed and what
// those of the others did. A client belongs to the gateway that it used when the time began.
func waitsOf(all []asked, from, to time.Duration, hurt []int) (own, others Waits) {
	type waiting struct {
		waits Waits
		since time.Duration
		own   bool
	}
	clients := make(map[string]*waiting)
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(x, y asked) int { return int(x.answered - y.answered) })
	for _, a := range all {
		if a.answered < from || a.sent > to {
			continue
		}
		c := clients[a.client]
		if c == nil {
			c = &waiting{since: from, own: slices.Contains(hurt, a.gateway)}
			clients[a.client] = c
		}
		if !a.settled {
			c.waits.Failed++
			continue
		}
		c.waits.Longest = max(c.waits.Longest, secondsOf(a.answered-c.since))
		c.since = a.answered
	}
	for _, c := range clients {
		if c.own {
			own.add(c.waits)
		} else {
			others.add(c.waits)
		}
	}
	return own, others
}
