package bench

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Load says how operations are asked for.
type Load struct {
	// Clients ask at the same time, each for one operation after the other.
	Clients int
	// Rate, if it is not 0, opens the loop: so many calls a second fall due,
	// whether or not those before them have been answered, and each is timed
	// from when it was due.
	Rate float64
	// Warmup is how long operations are done before they count, Time how long
	// they count.
	Warmup, Time time.Duration
	// Told, if it is not nil, is told each wait that counts, by many clients at
	// the same time.
	Told func(wait time.Duration)
}

// operation does some work for a client and tells how many operations that
// was. turn counts the calls of this client.
type operation func(ctx context.Context, client, turn int) (done int, err error)

// failuresKept bounds the texts of failures that a load remembers.
const failuresKept = 3

// longestTurn bounds how long a load waits for its first answer beyond its time.
const longestTurn = 30 * time.Second

// asker is one client's share of a load.
type asker struct {
	waits    *waits
	told     func(time.Duration)
	done     int64
	calls    int64
	failed   int64
	failures []string
}

// outcome is what a load came to.
type outcome struct {
	waits    *waits // of calls
	done     int64  // operations
	calls    int64
	failed   int64 // calls
	failures []string
	took     time.Duration
}

// run puts the load on do. measured is called when the warm-up is over, and what
// it returns when the load ends. The load ends early only if ctx does, and late
// only if not one call has been answered by then.
func (l Load) run(ctx context.Context, do operation, measured func() (end func())) (outcome, error) {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	var counting, answered atomic.Bool
	clients := make([]asker, l.Clients)
	began := time.Now()
	var all sync.WaitGroup
	for i := range clients {
		clients[i].waits, clients[i].told = newWaits(), l.Told
		all.Go(func() { clients[i].work(ctx, asking, i, l.pace(began, i), do, &counting, &answered) })
	}
	end := func() {}
	if wait(ctx, l.Warmup) {
		end = measured()
	}
	start := time.Now()
	counting.Store(true)
	wait(ctx, l.Time)
	for !answered.Load() && time.Since(start) < l.Time+longestTurn && wait(ctx, l.Time) {
	}
	counting.Store(false)
	took := time.Since(start)
	end()
	stop()
	all.Wait()
	return together(clients, took), ctx.Err()
}

// wait reports whether the time has passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// pace says when a client's calls are due; nil if as soon as the one before is
// answered.
func (l Load) pace(began time.Time, client int) func(turn int) time.Time {
	if l.Rate == 0 {
		return nil
	}
	each := time.Duration(float64(time.Second) * float64(l.Clients) / l.Rate)
	first := began.Add(each * time.Duration(client) / time.Duration(l.Clients))
	return func(turn int) time.Time { return first.Add(each * time.Duration(turn)) }
}

// work does one operation after the other while it is asked to. What is under
// way then is finished, so that its outcome is known, and does not count.
func (c *asker) work(ctx, asking context.Context, number int, due func(int) time.Time, do operation, counting, answered *atomic.Bool) {
	for turn := 0; asking.Err() == nil; turn++ {
		from := time.Now()
		if due != nil {
			if from = due(turn); !wait(asking, time.Until(from)) {
				return
			}
		}
		done, err := do(ctx, number, turn)
		if !counting.Load() {
			continue
		}
		c.calls++
		answered.Store(true)
		if err != nil {
			c.failed++
			if len(c.failures) < failuresKept {
				c.failures = append(c.failures, err.Error())
			}
			continue
		}
		c.done += int64(done)
		waited := time.Since(from)
		c.waits.add(waited)
		if c.told != nil {
			c.told(waited)
		}
	}
}

func together(clients []asker, took time.Duration) outcome {
	o := outcome{waits: newWaits(), took: took}
	for _, c := range clients {
		o.waits.join(c.waits)
		o.done += c.done
		o.calls += c.calls
		o.failed += c.failed
		if len(o.failures) < failuresKept {
			o.failures = append(o.failures, c.failures...)
		}
	}
	return o
}

// errNothingDone says that no operation succeeded.
var errNothingDone = errors.New("no operation succeeded")
