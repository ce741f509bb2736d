package bench

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Bounds of a wait that can be told apart: a microsecond to two minutes, to one
// part in a hundred.
const (
	waitMost   = 2 * time.Minute
	waitDigits = 2
)

// waits is how long operations took.
type waits struct{ h *hdr.Histogram }

func newWaits() *waits { return &waits{hdr.New(1, waitMost.Microseconds(), waitDigits)} }

func (w *waits) add(d time.Duration) {
	// A wait beyond the bounds counts as the longest.
	_ = w.h.RecordValue(min(max(d.Microseconds(), 1), waitMost.Microseconds()))
}

func (w *waits) join(other *waits) { w.h.Merge(other.h) }

// quantile is the wait that a share of the operations did not exceed, in
// milliseconds.
func (w *waits) quantile(share float64) float64 {
	return float64(w.h.ValueAtQuantile(share*100)) / 1000
}

func (w *waits) count() int64 { return w.h.TotalCount() }
