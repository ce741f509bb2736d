package sequencer

import (
	"sync"

	"corebank/internal/contract"
)

// tailCacheBytes is about how many bytes of the newest records a sequencer keeps in memory. The relay and everyone else
// who follows the log read these.
const tailCacheBytes = 16 << 20

// tailCache has the newest records of the merged log.
type tailCache struct {
	mu      sync.RWMutex
	records []contract.Record // contiguous
	bytes   int
}

func (c *tailCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records, c.bytes = nil, 0
}

// add adds the records that follow.
func (c *tailCache) add(records []contract.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range records {
		c.records = append(c.records, r)
		c.bytes += contract.RecordBytes(r)
	}
	for c.bytes > tailCacheBytes {
		c.bytes -= contract.RecordBytes(c.records[0])
		c.records = c.records[1:]
	}
}

// read returns up to limit records after a position, or nil if the cache does not have the first of them.
func (c *tailCache) read(after int64, limit int) []contract.Record {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if len(c.records) == 0 || after+1 < c.records[0].Position || after >= c.records[len(c.records)-1].Position {
		return nil
	}
	rest := c.records[after+1-c.records[0].Position:]
	n := min(limit, len(rest))
	return rest[:n:n]
}
