package bench

import (
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

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
