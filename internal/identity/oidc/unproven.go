package oidc

import (
	"crypto/sha256"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxUnproven bounds the tokens that no known key has signed.
const maxUnproven = 10_000

// unproven remembers how often the issuer's keys had been read when a token was
// first seen that no known key has signed. The issuer may have begun to use a new
// key, also under an old id: only after another read is the token refused.
type unproven struct {
	mu    sync.Mutex
	reads *simplelru.LRU[[sha256.Size]byte, int]
}

func newUnproven() *unproven {
	reads, err := simplelru.NewLRU[[sha256.Size]byte, int](maxUnproven, nil)
	if err != nil {
		panic(err) // the size is below 1: a programming error
	}
	return &unproven{reads: reads}
}

// firstSeen is how many reads there were when a token was first seen; as many as
// now, if that was not remembered.
func (u *unproven) firstSeen(sum [sha256.Size]byte, now int) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	if then, known := u.reads.Get(sum); known {
		return then
	}
	u.reads.Add(sum, now)
	return now
}
