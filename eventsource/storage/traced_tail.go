package storage

import (
	"cmp"
	"slices"
	"sort"
	"sync"

	"corebank/internal/contract"
)

// tracedKept bounds a TracedTail.
const tracedKept = 4096

// TracedTail remembers which of the newest records somebody traces, until they are published. It is only in memory:
// what the log keeps does not depend on who looks on. Its zero value is empty.
type TracedTail struct {
	mu     sync.Mutex
	traced []contract.Traced // by position, in order
}

// AddTraced adds records that come after those that were added before. Others are not added again.
func (t *TracedTail) AddTraced(traced ...contract.Traced) {
	if len(traced) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	byLast := func(a, b contract.Traced) int { return cmp.Compare(a.Last, b.Last) }
	for _, one := range slices.SortedFunc(slices.Values(traced), byLast) {
		if n := len(t.traced); n == 0 || one.Last >= t.traced[n-1].Last {
			t.traced = append(t.traced, one)
		}
	}
	if over := len(t.traced) - tracedKept; over > 0 {
		t.traced = slices.Delete(t.traced, 0, over)
	}
}

// Traced are those that end from one position to another, at most contract.MaxTraced of them.
func (t *TracedTail) Traced(first, last int64) []contract.Traced {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := t.until(first - 1)
	return slices.Clone(t.traced[from:min(t.until(last), from+contract.MaxTraced)])
}

// ForgetTraced forgets those up to a position.
func (t *TracedTail) ForgetTraced(position int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.traced = slices.Delete(t.traced, 0, t.until(position))
}

// until is how many end at a position or before. t.mu is held.
func (t *TracedTail) until(position int64) int {
	return sort.Search(len(t.traced), func(i int) bool { return t.traced[i].Last > position })
}
