package eventsource

import (
	"context"
	"slices"
	"sync/atomic"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// keyKeeper lets a storage's calls use its keyIndex one at a time, and opens it
// when it is first used.
type keyKeeper struct {
	dir  string
	turn chan *keyIndex // holds the index, nil before it is opened, unless it is in use
	// whole is the transaction of the epoch in which the index has had all keys
	// that were committed; 0 for none.
	whole atomic.Uint64
	// last is what the newest commit led to; only commits use it. The index
	// learns it with the next one's keys.
	last ImmudbState
}

func newKeyKeeper(state string) *keyKeeper {
	k := &keyKeeper{dir: keysDirectory(state), turn: make(chan *keyIndex, 1)}
	k.turn <- nil
	return k
}

// open waits for the index, opens it if need be, and returns it with what gives
// it back.
func (k *keyKeeper) open(ctx context.Context) (x *keyIndex, release func(), err error) {
	select {
	case x = <-k.turn:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if x == nil {
		if x, err = openKeys(k.dir); err != nil {
			k.turn <- nil
			return nil, nil, err
		}
	}
	return x, func() { k.turn <- x }, nil
}

// find returns the versions at which the keys may be found, each once; keys that
// are not in the index are left out.
func (k *keyKeeper) find(ctx context.Context, id bank.AccountID, keys []string) (versions []int64, err error) {
	x, release, err := k.open(ctx)
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

// mayRepeat tells of each append whether the index has the key of one of its
// records.
func (k *keyKeeper) mayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	x, release, err := k.open(ctx)
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

// note adds the keys of records that are being committed, and yields when that
// is done. Whether the commit happens does not matter.
func (k *keyKeeper) note(ctx context.Context, records []contract.Record) <-chan error {
	done := make(chan error, 1)
	go func() {
		x, release, err := k.open(ctx)
		if err == nil {
			err = x.add(records, k.last)
			release()
		}
		done <- err
	}()
	return done
}

// committed says what the newest commit led to.
func (k *keyKeeper) committed(after ImmudbState) { k.last = after }

// close closes the index, once nobody uses it.
func (k *keyKeeper) close() error {
	x := <-k.turn
	k.turn <- nil
	if x == nil {
		return nil
	}
	return x.close()
}
