package torture

import (
	"sync"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Request is what a client asks under one idempotency key. It may be sent many
// times.
type Request struct {
	// Account is empty for an opening: the answer tells it.
	Account bank.AccountID
	Key     string
	Command bank.Command
	// Waits is set when the client wants to hear how a transfer ends.
	Waits bool
}

// hash is the request's as it is stored with its event.
func (r *Request) hash() string {
	command, err := contract.EncodeCommand("", r.Key, r.Command)
	if err != nil {
		panic(err) // every command that is sent here has a name
	}
	return command.Hash()
}

// Verdict is what a client was told.
type Verdict string

// The verdicts.
const (
	Applied     Verdict = "applied"
	Replayed    Verdict = "replayed"
	Refused     Verdict = "refused"
	Unavailable Verdict = "unavailable" // nothing happened
	Unknown     Verdict = "unknown"     // so it was told, or there was no answer
)

// Answer is one request and its answer.
type Answer struct {
	Request *Request
	Client  int
	// Sent and Answered are on one monotonic clock.
	Sent, Answered time.Duration
	Verdict        Verdict
	// Account and Version are of the event, for Applied and Replayed; Balance is
	// the one after it, in minor units. Version is 0 where the API does not tell.
	Account bank.AccountID
	Version int64
	Balance int64
	// Code and Available are those of a refusal.
	Code      bank.Code
	Available int64
	// ToldVersion and ToldBalance are the account that came with the answer; 0
	// if none did.
	ToldVersion int64
	ToldBalance int64
	// Note explains what is unknown.
	Note string
}

// acknowledged reports whether the answer says that the request happened.
func (a Answer) acknowledged() bool { return a.Verdict == Applied || a.Verdict == Replayed }

// record is what all clients were told.
type record struct {
	mu      sync.Mutex
	answers []Answer
	counts  map[Verdict]int
	waiting map[chan<- time.Duration]time.Duration // those who wait for a command sent after
}

func newRecord() *record {
	return &record{counts: make(map[Verdict]int), waiting: make(map[chan<- time.Duration]time.Duration)}
}

func (r *record) add(a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, a)
	r.counts[a.Verdict]++
	if a.Verdict != Applied {
		return
	}
	for waiter, since := range r.waiting {
		if a.Sent >= since {
			waiter <- a.Answered
			delete(r.waiting, waiter)
		}
	}
}

// nextApplied tells when the first command that is sent after a moment and
// happens is answered.
func (r *record) nextApplied(since time.Duration) <-chan time.Duration {
	told := make(chan time.Duration, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[told] = since
	return told
}

// count is how many answers had a verdict.
func (r *record) count(v Verdict) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[v]
}

// unresolved are the requests of which nobody was told the outcome.
func (r *record) unresolved() []*Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	settled := make(map[*Request]bool)
	for _, a := range r.answers {
		if a.acknowledged() || a.Verdict == Refused {
			settled[a.Request] = true
		}
	}
	var open []*Request
	for _, a := range r.answers {
		if !settled[a.Request] {
			settled[a.Request] = true
			open = append(open, a.Request)
		}
	}
	return open
}
