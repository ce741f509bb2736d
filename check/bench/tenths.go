package bench

import (
	"sync"
	"time"
)

// tenths are the waits of a load in each tenth of its time.
type tenths struct {
	each time.Duration

	mu    sync.Mutex
	began time.Time
	parts []*waits
}

const tenthsOfAll = 10

func newTenths(all time.Duration) *tenths {
	t := &tenths{each: all / tenthsOfAll, parts: make([]*waits, tenthsOfAll)}
	for i := range t.parts {
		t.parts[i] = newWaits()
	}
	return t
}

// begin begins the first.
func (t *tenths) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = time.Now()
}

// add puts a wait that is over into its tenth.
func (t *tenths) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := int(time.Since(t.began) / max(t.each, 1))
	t.parts[min(n, len(t.parts)-1)].add(d)
}

// measures are the rate and the waits of the first and the last tenth.
func (t *tenths) measures(unit string) (all []Measure) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, part := range []struct {
		name string
		*waits
	}{{"first tenth, ", t.parts[0]}, {"last tenth, ", t.parts[len(t.parts)-1]}} {
		all = append(all, Measure{part.name + figureRate, unit + "/s", float64(part.count()) / t.each.Seconds()})
		if part.count() > 0 {
			all = append(all, Measure{part.name + figureP50, "ms", part.quantile(0.5)}, Measure{part.name + figureP99, "ms", part.quantile(0.99)})
		}
	}
	return all
}

// quantileSo is the wait that a share of all so far did not exceed, in
// milliseconds, of the tenth that runs.
func (t *tenths) quantileSo(share float64) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := int(time.Since(t.began) / max(t.each, 1))
	return t.parts[min(n, len(t.parts)-1)].quantile(share)
}
