package guard

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cache keeps what is used most lately, bounded in number and in bytes: who
// sends large documents must not fill the memory with them. It is gqlgen's
// graphql.Cache.
type cache[T any] struct {
	weigh func(key string, value T) int // bytes
	most  int                           // bytes
	mu    sync.Mutex
	kept  *simplelru.LRU[string, T]
	bytes int
}

// newCache keeps up to entries (1 or more) of together at most bytes.
func newCache[T any](entries, bytes int, weigh func(string, T) int) *cache[T] {
	c := &cache[T]{weigh: weigh, most: bytes}
	kept, err := simplelru.NewLRU(entries, func(key string, value T) { c.bytes -= weigh(key, value) })
	if err != nil {
		panic(err) // a size below 1: a mistake in this program
	}
	c.kept = kept
	return c
}

// Get returns what is kept under a key.
func (c *cache[T]) Get(_ context.Context, key string) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Get(key)
}

// Add keeps a value, in place of what was used longest ago.
func (c *cache[T]) Add(_ context.Context, key string, value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := c.weigh(key, value)
	if size > c.most {
		return
	}
	c.kept.Remove(key)
	c.bytes += size
	c.kept.Add(key, value)
	for c.bytes > c.most {
		c.kept.RemoveOldest()
	}
}
