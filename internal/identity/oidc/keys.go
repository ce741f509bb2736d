package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of keys.
const (
	maxKeys = 64
	// fetchPause is the shortest time between two reads of the issuer's keys, so
	// that tokens with made-up keys cost it nothing.
	fetchPause = 10 * time.Second
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
	clock  func() time.Time
	turn   chan struct{} // holds a token while somebody reads the source

	mu      sync.RWMutex
	known   []jose.JSONWebKey
	fetched time.Time // the last time that it went well
	tried   time.Time
	failure error // of the last time
}

// NewKeys are the keys of a source, which is read when they are first wanted.
// A nil clock is time.Now.
func NewKeys(source Source, clock func() time.Time) *Keys {
	if clock == nil {
		clock = time.Now
	}
	return &Keys{source: source, clock: clock, turn: make(chan struct{}, 1)}
}

// find are the keys with an id, or all of them where a token names none. It
// looks at the source for an id that is not known.
func (k *Keys) find(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	found, stale := k.named(id)
	switch {
	case len(found) > 0 && !stale:
		return found, nil
	case len(found) > 0:
		// What is known serves while the issuer is asked, or away.
		go func(ctx context.Context) { _ = k.fetch(ctx) }(context.WithoutCancel(ctx))
		return found, nil
	}
	err := k.fetch(ctx)
	if found, _ = k.named(id); len(found) > 0 {
		return found, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the keys of the issuer cannot be read: %w", err)
	}
	return nil, refuse("it is signed with a key that the issuer does not publish")
}

func (k *Keys) named(id string) (found []jose.JSONWebKey, stale bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.known {
		if id == "" || key.KeyID == id {
			found = append(found, key)
		}
	}
	return found, k.clock().Sub(k.fetched) > fetchAgain && k.clock().Sub(k.tried) > fetchPause
}

// fetch reads the source, unless that was done a moment ago. Its error is the
// one of the last time.
func (k *Keys) fetch(ctx context.Context) error {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	k.mu.RLock()
	tried, failure := k.tried, k.failure
	k.mu.RUnlock()
	if !tried.IsZero() && k.clock().Sub(tried) < fetchPause {
		return failure
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchBudget)
	defer cancel()
	known, err := read(ctx, k.source)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tried, k.failure = k.clock(), err; err == nil {
		k.known, k.fetched = known, k.tried
	}
	return err
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
		if json.Unmarshal(one, &key) == nil && key.Valid() && key.IsPublic() && len(known) < maxKeys {
			known = append(known, key)
		}
	}
	if len(known) == 0 {
		return nil, errors.New("the JSON Web Key Set has no public key that is known here")
	}
	return known, nil
}
