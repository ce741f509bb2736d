package guard

import "sync"

// budget bounds the bytes of all request bodies that are in memory at a time, and
// those of one caller. It is safe for concurrent use.
type budget struct {
	total, perCaller int

	mu       sync.Mutex
	used     int
	byCaller map[string]int
}

func newBudget(total, perCaller int) *budget {
	return &budget{total: total, perCaller: perCaller, byCaller: make(map[string]int)}
}

// take takes bytes for a caller if there are so many.
func (b *budget) take(caller string, bytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+bytes > b.total || b.byCaller[caller]+bytes > b.perCaller {
		return false
	}
	b.used += bytes
	b.byCaller[caller] += bytes
	return true
}

// release gives bytes back that were taken.
func (b *budget) release(caller string, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= bytes
	if b.byCaller[caller] -= bytes; b.byCaller[caller] == 0 {
		delete(b.byCaller, caller)
	}
}
