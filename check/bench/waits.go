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
)

// waits is a distribution of latencies.
type waits struct{ h *hdr.Histogram }

func newWaits() *waits { return &waits{hdr.New(1, maxWait.Microseconds(), waitDigits)} }

// add records a wait. One beyond the bounds counts as the longest.
func (w *waits) add(d time.Duration) {
	_ = w.h.RecordValue(min(max(d.Microseconds(), 1), maxWait.Microseconds()))
}

func (w *waits) join(other *waits) { w.h.Merge(other.h) }

// quantile is the wait, in milliseconds, that a share of the operations did not
// exceed.
func (w *waits) quantile(share float64) float64 {
	return float64(w.h.ValueAtQuantile(share*100)) / 1000
}

func (w *waits) count() int64 { return w.h.TotalCount() }

// waitLog records waits of many clients between begin and end, in equal parts of
// a load's time.
type waitLog struct {
	each time.Duration // the length of a part

	mu      sync.Mutex
	running bool
	began   time.Time
	parts   []*waits
}

func newWaitLog(parts int, all time.Duration) *waitLog {
	w := &waitLog{each: max(all/time.Duration(parts), 1), parts: make([]*waits, parts)}
	for i := range w.parts {
		w.parts[i] = newWaits()
	}
	return w
}

// run begins to record. What it returns ends that.
func (w *waitLog) run() (end func()) {
	set := func(running bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.running = running
	}
	w.began = time.Now()
	set(true)
	return func() { set(false) }
}

func (w *waitLog) add(some ...time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running {
		return
	}
	part := w.current()
	for _, d := range some {
		part.add(d)
	}
}

// current is the part that runs now. The caller holds w.mu.
func (w *waitLog) current() *waits {
	return w.parts[min(int(time.Since(w.began)/w.each), len(w.parts)-1)]
}

// quantile is that of the part that runs now.
func (w *waitLog) quantile(share float64) float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current().quantile(share)
}

// measures are the rate and the waits of the first and the last part.
func (w *waitLog) measures(unit string) (all []Measure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, name := range []string{"first tenth, ", "last tenth, "} {
		part := w.parts[i*(len(w.parts)-1)]
		all = append(all, Measure{name + figureRate, unit + "/s", float64(part.count()) / w.each.Seconds()})
		if part.count() > 0 {
			all = append(all, Measure{name + figureP50, "ms", part.quantile(0.5)},
				Measure{name + figureP99, "ms", part.quantile(0.99)})
		}
	}
	return all
}
