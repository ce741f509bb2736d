package guard

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cache is a least recently used cache that is bounded in entries and in bytes,
// so that a client that sends large documents cannot fill the memory. It
// implements gqlgen's graphql.Cache.
type cache[T any] struct {
	sizeOf   func(key string, value T) int // in bytes
	maxBytes int

	mu      sync.Mutex
	entries *simplelru.LRU[string, T]
	bytes   int
}

// newCache holds at most maxEntries (1 or more) of together at most maxBytes.
func newCache[T any](maxEntries, maxBytes int, sizeOf func(string, T) int) *cache[T] {
	c := &cache[T]{sizeOf: sizeOf, maxBytes: maxBytes}
	entries, err := simplelru.NewLRU(maxEntries, func(key string, value T) { c.bytes -= sizeOf(key, value) })
	if err != nil {
		panic(err) // maxEntries is below 1: a programming error
	}
	c.entries = entries
	return c
}

// Get returns the value of a key.
func (c *cache[T]) Get(_ context.Context, key string) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries.Get(key)
}

// Add stores a value, and evicts the least recently used ones to make room.
func (c *cache[T]) Add(_ context.Context, key string, value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := c.sizeOf(key, value)
	if size > c.maxBytes {
		return
	}
	c.entries.Remove(key)
	c.bytes += size
	c.entries.Add(key, value)
	for c.bytes > c.maxBytes {
		c.entries.RemoveOldest()
	}
}
