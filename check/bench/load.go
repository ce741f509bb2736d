package bench

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"corebank/internal/app"
)

// Load says how operations are requested.
type Load struct {
	// Clients work at the same time, each on one operation after the other.
	Clients int
	// Rate, unless it is 0, opens the loop: so many calls a second fall due,
	// whether or not earlier ones have been answered. Each is timed from when
	// it was due.
	Rate float64
	// Operations do not count during Warmup; they count during Time.
	Warmup, Time time.Duration
	// Observe, unless it is nil, receives each wait that counts, from many
	// clients at the same time.
	Observe func(wait time.Duration)
}

// operation works for a client and returns how many operations it did. turn
// counts the client's calls.
type operation func(ctx context.Context, client, turn int) (done int, err error)

const (
	// maxFailures bounds the failure texts that a load keeps.
	maxFailures = 3
	// maxFirstAnswer bounds how long a load waits for its first answer beyond
	// its time.
	maxFirstAnswer = 30 * time.Second
)

// errNothingDone says that no operation succeeded.
var errNothingDone = errors.New("no operation succeeded")

// outcome is the result of a load, or of one client of it.
type outcome struct {
	waits    *waits // of calls
	done     int64  // operations
	calls    int64
	failed   int64 // calls
	failures []string
	took     time.Duration
}

// run puts the load on do. It calls measured after the warm-up, and what that
// returns when the load ends. The load ends early only if ctx does, and late
// only if no call has been answered by then.
func (l Load) run(ctx context.Context, do operation, measured func() (end func())) (outcome, error) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var counting, answered atomic.Bool
	clients := make([]outcome, l.Clients)
	began := time.Now()
	var group sync.WaitGroup
	for i := range clients {
		clients[i].waits = newWaits()
		group.Go(func() { l.work(ctx, working, &clients[i], i, l.schedule(began, i), do, &counting, &answered) })
	}
	end := func() {}
	if app.Pause(ctx, l.Warmup) {
		end = measured()
	}
	start := time.Now()
	counting.Store(true)
	app.Pause(ctx, l.Time)
	for !answered.Load() && time.Since(start) < l.Time+maxFirstAnswer && app.Pause(ctx, l.Time) {
	}
	counting.Store(false)
	total := outcome{waits: newWaits(), took: time.Since(start)}
	end()
	stop()
	group.Wait()
	for _, c := range clients {
		total.add(c)
	}
	return total, ctx.Err()
}

// schedule says when a client's calls are due; nil if each is due as soon as the
// previous one is answered.
func (l Load) schedule(began time.Time, client int) func(turn int) time.Time {
	if l.Rate == 0 {
		return nil
	}
	each := time.Duration(float64(time.Second) * float64(l.Clients) / l.Rate)
	first := began.Add(each * time.Duration(client) / time.Duration(l.Clients))
	return func(turn int) time.Time { return first.Add(each * time.Duration(turn)) }
}

// work does one operation after the other until working ends. The last one is
// finished, so that its outcome is known, and does not count.
func (l Load) work(ctx, working context.Context, o *outcome, client int, due func(int) time.Time, do operation,
	counting, answered *atomic.Bool) {
	for turn := 0; working.Err() == nil; turn++ {
		from := time.Now()
		if due != nil {
			if from = due(turn); !app.Pause(working, time.Until(from)) {
				return
			}
		}
		done, err := do(ctx, client, turn)
		if !counting.Load() {
			continue
		}
		o.calls++
		answered.Store(true)
		if err != nil {
			o.failed++
			if len(o.failures) < maxFailures {
				o.failures = append(o.failures, err.Error())
			}
			continue
		}
		o.done += int64(done)
		wait := time.Since(from)
		o.waits.add(wait)
		if l.Observe != nil {
			l.Observe(wait)
		}
	}
}

func (o *outcome) add(c outcome) {
	o.waits.join(c.waits)
	o.done += c.done
	o.calls += c.calls
	o.failed += c.failed
	if len(o.failures) < maxFailures {
		o.failures = append(o.failures, c.failures...)
	}
}
