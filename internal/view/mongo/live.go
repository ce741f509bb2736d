package mongo

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"corebank/internal/view"
	"corebank/internal/view/live"
)

// followInterval is how often a reader checks which generation is live. Views
// that are no longer live are retained for much longer.
const followInterval = 100 * time.Millisecond

// Live reads the generation that is live, and follows a switch within
// followInterval. It is safe for concurrent use.
type Live struct {
	live.Reader
	database
	turn  chan struct{} // holds a token while one goroutine checks
	found atomic.Pointer[found]
}

// found is the result of a check.
type found struct {
	number int64
	store  *Store
	old    atomic.Bool // after followInterval
}

var (
	_ view.Reader    = (*Live)(nil)
	_ view.Snapshots = (*Live)(nil)
)

// OpenLive connects to the MongoDB at uri and opens the generations there. It
// fails as Open does.
func OpenLive(ctx context.Context, uri string, opts Options) (*Live, error) {
	d, err := connect(ctx, uri, opts)
	if err != nil {
		return nil, err
	}
	d.readOnly = true
	l := &Live{database: d, turn: make(chan struct{}, 1)}
	l.Reader.Use = l.use
	if _, err := l.current(ctx); err != nil {
		return nil, errors.Join(err, d.client.Disconnect(context.WithoutCancel(ctx)))
	}
	return l, nil
}

func (l *Live) use(ctx context.Context, read func(view.Reader) error) error {
	store, err := l.current(ctx)
	if err != nil {
		return err
	}
	return read(store)
}

// current is the generation to read.
func (l *Live) current(ctx context.Context) (*Store, error) {
	if f := l.found.Load(); f.fresh() {
		return f.store, nil
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f := l.found.Load()
	if f.fresh() { // another goroutine has checked
		return f.store, nil
	}
	number, store, err := l.check(ctx, f)
	if err != nil {
		return nil, err
	}
	fresh := &found{number: number, store: store}
	time.AfterFunc(followInterval, func() { fresh.old.Store(true) })
	l.found.Store(fresh)
	return fresh.store, nil
}

func (f *found) fresh() bool { return f != nil && !f.old.Load() }

// check opens the live generation, unless it is the one that was found before.
func (l *Live) check(ctx context.Context, before *found) (int64, *Store, error) {
	if before != nil {
		if p, err := l.readPointer(ctx); err != nil || p.Live == before.number {
			return before.number, before.store, err
		}
	}
	return l.live(ctx)
}

// Close ends the connections.
func (l *Live) Close(ctx context.Context) error { return l.found.Load().store.Close(ctx) }

// Snapshot is the live views as of now, even after a later switch. Reading it
// fails when a later rebuild has removed them.
func (l *Live) Snapshot(ctx context.Context) (view.Snapshot, error) {
	store, err := l.current(ctx)
	if err != nil {
		return nil, err
	}
	return store.Snapshot(ctx)
}
