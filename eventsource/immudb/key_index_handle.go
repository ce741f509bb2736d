package immudb

import (
	"context"
	"slices"
	"sync/atomic"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// keyIndexHandle opens a storage's keyIndex when it is first used, and lets calls use it one at a time.
type keyIndexHandle struct {
	config Config
	idle   chan *keyIndex // holds the index while no call uses it; nil before it is opened
	// complete is the transaction of the epoch in which the index has had all committed keys, or 0.
	complete atomic.Uint64
	// last is the state after the newest commit. Only commits use it. The index learns it with the next commit's keys.
	last State
}

func newKeyIndexHandle(config Config) *keyIndexHandle {
	h := &keyIndexHandle{config: config, idle: make(chan *keyIndex, 1)}
	h.idle <- nil
	return h
}

// open waits for the index, opens it if needed, and returns it with a function that releases it.
func (h *keyIndexHandle) open(ctx context.Context) (x *keyIndex, release func(), err error) {
	select {
	case x = <-h.idle:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if x == nil {
		if x, err = openKeyIndex(h.config); err != nil {
			h.idle <- nil
			return nil, nil, err
		}
	}
	return x, func() { h.idle <- x }, nil
}

// find returns the versions that may carry the keys, each once. Keys that are not in the index are left out.
func (h *keyIndexHandle) find(ctx context.Context, id bank.AccountID, keys []string) (versions []int64, err error) {
	x, release, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	for _, key := range keys {
		version, err := x.find(id, key)
		if err != nil {
			return nil, err
		}
		if version > 0 && !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	return versions, nil
}

// mayRepeat reports for each append whether the index has the key of one of its records.
func (h *keyIndexHandle) mayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	x, release, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	repeats := make([]bool, len(appends))
	for i, a := range appends {
		for _, r := range a.Records {
			version, err := x.find(a.Account, r.Key)
			if err != nil {
				return nil, err
			}
			repeats[i] = repeats[i] || version > 0
		}
	}
	return repeats, nil
}

// add adds the keys of records that are being committed, and sends the result when that is done. It does not matter
// whether the commit succeeds.
func (h *keyIndexHandle) add(ctx context.Context, records []contract.Record) <-chan error {
	done := make(chan error, 1)
	go func() {
		x, release, err := h.open(ctx)
		if err == nil {
			err = x.add(records, h.last)
			release()
		}
		done <- err
	}()
	return done
}

// committed notes the state after the newest commit.
func (h *keyIndexHandle) committed(after State) { h.last = after }

// close closes the index when no call uses it.
func (h *keyIndexHandle) close() error {
	x := <-h.idle
	h.idle <- nil
	if x == nil {
		return nil
	}
	return x.close()
}
