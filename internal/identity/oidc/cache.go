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
	mu   sync.RWMutex
	most int
	kept map[[sha256.Size]byte]cached
}

type cached struct {
	principal identity.Principal
	until     time.Time
}

func newCache() *cache {
	return &cache{most: maxCached, kept: make(map[[sha256.Size]byte]cached)}
}

func (c *cache) find(sum [sha256.Size]byte, now time.Time) (identity.Principal, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	one, ok := c.kept[sum]
	if !ok || now.After(one.until) {
		return identity.Principal{}, false
	}
	return one.principal, true
}

// keep remembers a token. When there is no room, what is over makes it, or
// else whatever comes first.
func (c *cache) keep(sum [sha256.Size]byte, p identity.Principal, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= c.most {
		c.makeRoom(now)
	}
	c.kept[sum] = cached{p, now.Add(maxAge)}
}

func (c *cache) makeRoom(now time.Time) {
	for sum, one := range c.kept {
		if now.After(one.until) || now.After(one.principal.Expires) {
			delete(c.kept, sum)
		}
	}
	for sum := range c.kept {
		if len(c.kept) < c.most*9/10 {
			return
		}
		delete(c.kept, sum)
	}
}
