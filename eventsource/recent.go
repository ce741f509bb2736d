package eventsource

import (
	"sync"

	"corebank/internal/contract"
)

// recentBytes bounds the newest records that a sequencer keeps in memory, about:
// the relay and all who follow the log read these.
const recentBytes = 16 << 20

// recent has the newest records of the whole log.
type recent struct {
	mu      sync.RWMutex
	records []contract.Record // contiguous
	bytes   int
}

func (c *recent) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records, c.bytes = nil, 0
}

// add adds the records that follow.
func (c *recent) add(records []contract.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range records {
		c.records = append(c.records, r)
		c.bytes += len(r.Data) + recordOverhead
	}
	for c.bytes > recentBytes {
		c.bytes -= len(c.records[0].Data) + recordOverhead
		c.records = c.records[1:]
	}
}

// read are up to limit records after a position; none if some of them are not
// here.
func (c *recent) read(after int64, limit int) []contract.Record {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if len(c.records) == 0 || after+1 < c.records[0].Position || after >= c.records[len(c.records)-1].Position {
		return nil
	}
	rest := c.records[after+1-c.records[0].Position:]
	n := min(limit, len(rest))
	return rest[:n:n]
}
