package mongo

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// followEvery is how often a reader looks which generation is live. Views that
// are live no more are kept for much longer.
const followEvery = 100 * time.Millisecond

// Live reads the generation that is live, and follows a switch within
// followEvery. It is safe for concurrent use.
type Live struct {
	database
	turn  chan struct{} // holds a token while one looks
	found atomic.Pointer[found]
}

// found is what a look found.
type found struct {
	number int64
	store  *Store
	old    atomic.Bool // after followEvery
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
	l := &Live{database: d, turn: make(chan struct{}, 1)}
	if _, err := l.current(ctx); err != nil {
		return nil, errors.Join(err, d.client.Disconnect(context.WithoutCancel(ctx)))
	}
	return l, nil
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
	if f.fresh() { // somebody else has looked
		return f.store, nil
	}
	number, store, err := l.look(ctx, f)
	if err != nil {
		return nil, err
	}
	fresh := &found{number: number, store: store}
	time.AfterFunc(followEvery, func() { fresh.old.Store(true) })
	l.found.Store(fresh)
	return fresh.store, nil
}

func (f *found) fresh() bool { return f != nil && !f.old.Load() }

// look opens the live generation, unless it was the one found before.
func (l *Live) look(ctx context.Context, before *found) (int64, *Store, error) {
	if before != nil {
		if p, err := l.readPointer(ctx); err != nil || p.Live == before.number {
			return before.number, before.store, err
		}
	}
	return l.live(ctx)
}

// Close ends the connections.
func (l *Live) Close(ctx context.Context) error { return l.found.Load().store.Close(ctx) }

// Account is the document, or view.ErrNotFound.
func (l *Live) Account(ctx context.Context, id bank.AccountID) (view.Account, error) {
	store, err := l.current(ctx)
	if err != nil {
		return view.Account{}, err
	}
	return store.Account(ctx, id)
}

// Transaction is one history line, or view.ErrNotFound.
func (l *Live) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	store, err := l.current(ctx)
	if err != nil {
		return view.Transaction{}, err
	}
	return store.Transaction(ctx, id, version)
}

// History is one page of an account's lines.
func (l *Live) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	store, err := l.current(ctx)
	if err != nil {
		return view.Lines{}, err
	}
	return store.History(ctx, id, page)
}

// Checkpoint is the last position that the views reflect.
func (l *Live) Checkpoint(ctx context.Context) (int64, error) {
	store, err := l.current(ctx)
	if err != nil {
		return 0, err
	}
	return store.Checkpoint(ctx)
}

// Snapshot is the live views as of now, whatever is live later. Reading it
// fails when a later rebuild has removed them.
func (l *Live) Snapshot(ctx context.Context) (view.Snapshot, error) {
	store, err := l.current(ctx)
	if err != nil {
		return nil, err
	}
	return store.Snapshot(ctx)
}
