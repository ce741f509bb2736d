package oidc

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of keys.
const (
	maxKeys = 64
	// minRSA is the shortest RSA key whose signatures prove anything, in bits: RFC
	// 7518, section 3.3.
	minRSA = 2048
	// fetchPause is the shortest time between two reads of the issuer's keys, so
	// that tokens with made-up keys cost it nothing. A new key is known after ten
	// seconds at the latest.
	fetchPause = 9 * time.Second
	// fetchAgain is when known keys are read again, so that those which the
	// issuer has revoked are no longer accepted.
	fetchAgain  = 10 * time.Minute
	fetchBudget = 5 * time.Second
)

// Source reads a JSON Web Key Set.
type Source func(ctx context.Context) ([]byte, error)

// Keys are an issuer's public keys, as they were last read from a source.
type Keys struct {
	source Source
	fixed  bool // the source is read once
	clock  func() time.Time
	turn   chan struct{} // holds a token while somebody reads the source

	mu      sync.RWMutex
	known   []jose.JSONWebKey
	begun   int // reads, the last of them at tried
	read    int // the number of the last read that succeeded; it began at fetched
	fetched time.Time
	tried   time.Time
	failure error // of the last read
	waiting bool  // a read is scheduled for the end of the pause
}

// NewKeys are the keys of a source, which is read when they are first wanted.
// A nil clock is time.Now.
func NewKeys(source Source, clock func() time.Time) *Keys {
	if clock == nil {
		clock = time.Now
	}
	return &Keys{source: source, clock: clock, turn: make(chan struct{}, 1)}
}

// NewFixedKeys are keys that never change, such as those of this process.
func NewFixedKeys(source Source, clock func() time.Time) *Keys {
	k := NewKeys(source, clock)
	k.fixed = true
	return k
}

// named are the known keys with an id, or all of them where a token names none.
// Old ones serve while the issuer is asked again, or away.
func (k *Keys) named(ctx context.Context, id string) (found []jose.JSONWebKey) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.known {
		if id == "" || key.KeyID == id {
			found = append(found, key)
		}
	}
	if now := k.clock(); !k.fixed && len(found) > 0 && now.Sub(k.fetched) > fetchAgain && now.Sub(k.tried) > fetchPause {
		go func(ctx context.Context) { _ = k.fetch(ctx) }(context.WithoutCancel(ctx))
	}
	return found
}

// reads are how many reads of the source have begun, and the number of the one
// that the known keys are from; 0 for none.
func (k *Keys) reads() (begun, read int) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.fixed && k.read > 0 {
		return 0, k.read
	}
	return k.begun, k.read
}

// fetch reads the source, unless that was done a moment ago: then it is read at
// the end of the pause. Its error is the one of the last read.
func (k *Keys) fetch(ctx context.Context) error {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	began := k.clock()
	k.mu.Lock()
	if k.fixed && k.read > 0 {
		defer k.mu.Unlock()
		return nil
	}
	if pause := fetchPause - began.Sub(k.tried); !k.tried.IsZero() && pause > 0 {
		defer k.mu.Unlock()
		k.schedule(ctx, pause)
		return k.failure
	}
	k.tried = began
	k.begun++
	number := k.begun
	k.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchBudget)
	defer cancel()
	known, err := read(ctx, k.source)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure = err; err == nil {
		k.known, k.fetched, k.read = known, began, number
	}
	return err
}

// schedule reads the source after a pause, once for all that wait. k.mu is held.
func (k *Keys) schedule(ctx context.Context, pause time.Duration) {
	if k.waiting {
		return
	}
	k.waiting = true
	time.AfterFunc(pause, func() {
		k.mu.Lock()
		k.waiting = false
		k.mu.Unlock()
		_ = k.fetch(context.WithoutCancel(ctx)) // it is remembered
	})
}

// read is the usable keys of a source: public ones, for signatures.
func read(ctx context.Context, source Source) ([]jose.JSONWebKey, error) {
	text, err := source(ctx)
	if err != nil {
		return nil, err
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("not a JSON Web Key Set: %w", err)
	}
	var known []jose.JSONWebKey
	for _, one := range set.Keys {
		var key jose.JSONWebKey
		// Keys of kinds that are not known here are no fault of the set.
		if json.Unmarshal(one, &key) != nil || !key.Valid() || !key.IsPublic() || len(known) == maxKeys {
			continue
		}
		if weak, is := key.Key.(*rsa.PublicKey); is && weak.N.BitLen() < minRSA {
			slog.Warn("a key of the issuer is too short and is not used", "kid", key.KeyID, "bits", weak.N.BitLen())
			continue
		}
		known = append(known, key)
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("the JSON Web Key Set has no public key that is known here, or only RSA keys below %d bits",
			minRSA)
	}
	return known, nil
}

// ErrKeyUnknown says that the issuer may have published the key of a token since
// its keys were last read.
var ErrKeyUnknown = errors.New("the key of the token is not known yet; " +
	"the keys of the issuer are read again in a moment")
