package torture

import (
	"sync"
	"time"

	"corebank/check/laws"
	"corebank/internal/contract"
)

// answers are what all clients were answered.
type answers struct {
	mu      sync.Mutex
	all     []laws.Answer
	counts  map[contract.Status]int
	waiting map[chan<- time.Duration]time.Duration // those who wait for a command sent after a moment
}

func newAnswers() *answers {
	return &answers{counts: make(map[contract.Status]int), waiting: make(map[chan<- time.Duration]time.Duration)}
}

func (r *answers) add(a laws.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, a)
	r.counts[a.Status]++
	if a.Status != contract.Applied {
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
func (r *answers) nextApplied(since time.Duration) <-chan time.Duration {
	at := make(chan time.Duration, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[at] = since
	return at
}

// count is how many answers had a status.
func (r *answers) count(status contract.Status) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[status]
}

// unresolved are the requests that have no definite answer.
func (r *answers) unresolved() []*laws.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return laws.Unresolved(r.all)
}
