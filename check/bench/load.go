package bench

import (
	"context"
	"errors"
	"sync"
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
}

// operation works for a client and returns how many operations it did. turn
// counts the client's calls.
type operation func(ctx context.Context, client, turn int) (done int, err error)

// maxFirstAnswer bounds how long a load waits for its first answer beyond its time.
const maxFirstAnswer = 30 * time.Second

// errNothingDone says that no operation succeeded.
var errNothingDone = errors.New("no operation succeeded")

// run puts the load on do and counts it in a tally. It calls measured after the
// warm-up, and what that returns when the load ends. The load ends early only if
// ctx does, and late only if no call has been answered by then.
func (l Load) run(ctx context.Context, t *tally, do operation, measured func() (end func())) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	began := time.Now()
	var clients sync.WaitGroup
	for i := range l.Clients {
		clients.Go(func() { l.work(ctx, working, t, i, l.schedule(began, i), do) })
	}
	end := func() {}
	if app.Pause(ctx, l.Warmup) {
		end = measured()
	}
	count := t.run()
	app.Pause(ctx, l.Time)
	for t.calls() == 0 && time.Since(t.began) < l.Time+maxFirstAnswer && app.Pause(ctx, l.Time) {
	}
	count()
	end()
	stop()
	clients.Wait()
	return ctx.Err()
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
func (l Load) work(ctx, working context.Context, t *tally, client int, due func(int) time.Time, do operation) {
	for turn := 0; working.Err() == nil; turn++ {
		from := time.Now()
		if due != nil {
			if from = due(turn); !app.Pause(working, time.Until(from)) {
				return
			}
		}
		done, err := do(ctx, client, turn)
		t.add(err, done, time.Since(from))
	}
}
