package bench

import (
	"context"
	"errors"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

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

// Waits are recorded from a microsecond to two minutes, to one part in a hundred.
const (
	maxWait    = 2 * time.Minute
	waitDigits = 2
	// maxFailures bounds the failure texts that a tally keeps.
	maxFailures = 3
)

// waits is a distribution of latencies.
type waits struct{ h *hdr.Histogram }

func newWaits() *waits { return &waits{hdr.New(1, maxWait.Microseconds(), waitDigits)} }

// add records a wait. One beyond the bounds counts as the longest.
func (w *waits) add(d time.Duration) {
	_ = w.h.RecordValue(min(max(d.Microseconds(), 1), maxWait.Microseconds()))
}

// quantile is the wait, in milliseconds, that a share of the operations did not
// exceed.
func (w *waits) quantile(share float64) float64 {
	return float64(w.h.ValueAtQuantile(share*100)) / 1000
}

func (w *waits) count() int64 { return w.h.TotalCount() }

// tally counts calls of many clients while it runs, in equal parts of that time.
type tally struct {
	each time.Duration // the length of a part

	mu       sync.Mutex
	running  bool
	began    time.Time
	took     time.Duration
	all      *waits
	parts    []*waits
	done     int64 // operations
	failed   int64 // calls
	failures []string
}

func newTally(parts int, all time.Duration) *tally {
	t := &tally{each: max(all/time.Duration(parts), 1), all: newWaits()}
	for range parts {
		t.parts = append(t.parts, newWaits())
	}
	return t
}

// run begins to count. What it returns ends that.
func (t *tally) run() (end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began, t.running = time.Now(), true
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.running, t.took = false, time.Since(t.began)
	}
}

// add counts a call that did so many operations, unless it failed, and its waits.
func (t *tally) add(err error, done int, waits ...time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.running:
	case err != nil:
		t.failed++
		if len(t.failures) < maxFailures {
			t.failures = append(t.failures, err.Error())
		}
	default:
		t.done += int64(done)
		for _, d := range waits {
			t.all.add(d)
			t.part().add(d)
		}
	}
}

// part is the part that runs now. The caller holds t.mu.
func (t *tally) part() *waits {
	return t.parts[min(int(time.Since(t.began)/t.each), len(t.parts)-1)]
}

// calls counts those that were answered.
func (t *tally) calls() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.count() + t.failed
}

// now are two quantiles of the part that runs, and all failed calls.
func (t *tally) now() (p50, p99 float64, failed int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.part().quantile(0.5), t.part().quantile(0.99), t.failed
}

// ends are the rate and the waits of the first and the last part.
func (t *tally) ends(unit string) (all []Measure) {
	for i, name := range []string{"first tenth, ", "last tenth, "} {
		part := t.parts[i*(len(t.parts)-1)]
		all = append(all, Measure{name + figureRate, unit + "/s", float64(part.count()) / t.each.Seconds()})
		if part.count() > 0 {
			all = append(all, Measure{name + figureP50, "ms", part.quantile(0.5)},
				Measure{name + figureP99, "ms", part.quantile(0.99)})
		}
	}
	return all
}
