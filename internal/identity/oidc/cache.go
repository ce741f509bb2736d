package oidc

import (
	"crypto/sha256"
	"sync"
	"time"

	"corebank/internal/identity"
)

// Bounds of what is remembered of tokens.
const (
	// maxCached bounds the tokens: a few kilobytes each.
	maxCached = 10_000
	// maxAge bounds how long a token is remembered, so that those of a key that
	// the issuer has taken back end.
	maxAge = 5 * time.Minute
)

// cache remembers tokens that were verified, by their hash.
type cache struct {
	mu     sync.RWMutex
	max    int
	tokens map[[sha256.Size]byte]cached
}

type cached struct {
	principal identity.Principal
	until     time.Time
}

func newCache() *cache {
	return &cache{max: maxCached, tokens: make(map[[sha256.Size]byte]cached)}
}

func (c *cache) find(sum [sha256.Size]byte, now time.Time) (identity.Principal, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	one, ok := c.tokens[sum]
	if !ok || now.After(one.until) {
		return identity.Principal{}, false
	}
	return one.principal, true
}

// add remembers a token. A full cache first drops the tokens that have expired,
// then any others, until a tenth of it is free.
func (c *cache) add(sum [sha256.Size]byte, p identity.Principal, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tokens) >= c.max {
		c.evict(now)
	}
	c.tokens[sum] = cached{p, now.Add(maxAge)}
}

func (c *cache) evict(now time.Time) {
	for sum, one := range c.tokens {
		if now.After(one.until) || now.After(one.principal.Expires) {
			delete(c.tokens, sum)
		}
	}
	for sum := range c.tokens {
		if len(c.tokens) < c.max*9/10 {
			return
		}
		delete(c.tokens, sum)
	}
}
