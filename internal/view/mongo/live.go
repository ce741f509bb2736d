package mongo

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
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

// read asks the live generation.
func read[T any](ctx context.Context, l *Live, ask func(*Store) (T, error)) (T, error) {
	store, err := l.current(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return ask(store)
}

// Account is the document, or view.ErrNotFound.
func (l *Live) Account(ctx context.Context, id bank.AccountID) (view.Account, error) {
	return read(ctx, l, func(s *Store) (view.Account, error) { return s.Account(ctx, id) })
}

// AccountByExternalID is the document, or view.ErrNotFound.
func (l *Live) AccountByExternalID(ctx context.Context, externalID string) (view.Account, error) {
	return read(ctx, l, func(s *Store) (view.Account, error) { return s.AccountByExternalID(ctx, externalID) })
}

// ListAccounts is a page of accounts, newest first.
func (l *Live) ListAccounts(ctx context.Context, page view.Accounts) (accounts []view.Account, more bool, err error) {
	accounts, err = read(ctx, l, func(s *Store) (found []view.Account, err error) {
		found, more, err = s.ListAccounts(ctx, page)
		return found, err
	})
	return accounts, more, err
}

// Transaction is one history line, or view.ErrNotFound.
func (l *Live) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	return read(ctx, l, func(s *Store) (view.Transaction, error) { return s.Transaction(ctx, id, version) })
}

// History is one page of an account's lines.
func (l *Live) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	return read(ctx, l, func(s *Store) (view.Lines, error) { return s.History(ctx, id, page) })
}

// Sums adds up the lines that a filter lets through.
func (l *Live) Sums(ctx context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	return read(ctx, l, func(s *Store) (view.Sums, error) { return s.Sums(ctx, id, filter) })
}

// References are the records that are filed under a key.
func (l *Live) References(ctx context.Context, key string) ([]contract.Record, error) {
	return read(ctx, l, func(s *Store) ([]contract.Record, error) { return s.References(ctx, key) })
}

// StateBefore is the newest kept state that is not after a version and a time.
func (l *Live) StateBefore(ctx context.Context, id bank.AccountID, version int64, t time.Time) (view.State, error) {
	return read(ctx, l, func(s *Store) (view.State, error) { return s.StateBefore(ctx, id, version, t) })
}

// Trial is the trial balance at the checkpoint.
func (l *Live) Trial(ctx context.Context) (view.Trial, error) {
	return read(ctx, l, func(s *Store) (view.Trial, error) { return s.Trial(ctx) })
}

// TrialBefore is the newest kept trial balance that is not after a position and a time.
func (l *Live) TrialBefore(ctx context.Context, position int64, t time.Time) (view.Trial, error) {
	return read(ctx, l, func(s *Store) (view.Trial, error) { return s.TrialBefore(ctx, position, t) })
}

// Checkpoint is the last position that the views reflect.
func (l *Live) Checkpoint(ctx context.Context) (int64, error) {
	return read(ctx, l, func(s *Store) (int64, error) { return s.Checkpoint(ctx) })
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
