package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Term is who holds a lease, since the revision that its last word has.
type Term struct {
	Holder   string // empty if there is none
	Revision uint64
}

// Store keeps a lease where all who want it reach it.
type Store interface {
	// Read is the last term that was written; zero if none was. It may be an older one.
	Read(ctx context.Context) (Term, error)
	// Write makes a holder's term follow a revision and returns its own. It fails if
	// another one has followed already.
	Write(ctx context.Context, holder string, after uint64) (revision uint64, err error)
}

// ErrLost is why somebody does not lead any more: another one does.
var ErrLost = errors.New("another process leads now")

// Bounds of a lease.
const (
	// renewEvery is how often the holder says that it is there, and how often the others
	// listen.
	renewEvery = 500 * time.Millisecond
	callTime   = time.Second
	// patience is how long a holder may be silent, and hearing how long a listener must
	// have heard the store meanwhile: a store that was away has not heard the holder.
	patience = 3 * time.Second
	hearing  = 2 * time.Second
	// tickEvery is how often a process notes that it runs; standstill is how long it may
	// not, before another one may have taken its place unnoticed.
	tickEvery  = 100 * time.Millisecond
	standstill = time.Second
)

// Lease is a lease as one process wants it.
type Lease struct {
	store Store
	name  string
	log   *slog.Logger

	began  time.Time
	ticked atomic.Int64 // when this process last ran, since it began
	doubt  atomic.Bool  // it has stood still since the lease was last renewed
	held   atomic.Bool  // this process leads
	said   atomic.Int64 // when it last began to say that it leads, and was heard, since it began
}

// New is a lease for a process, different from other processes of that name.
func New(store Store, name string, log *slog.Logger) *Lease {
	return &Lease{store: store, name: name + " " + rand.Text(), log: log, began: time.Now()}
}

// Run waits until this process has the lease, and leads then, until it has not or ctx
// ends. Who has led once does not wait again: it returns.
func (l *Lease) Run(ctx context.Context, lead func(context.Context) error) error {
	term, ok := l.await(ctx)
	if !ok {
		return nil
	}
	l.log.Info("this process leads", "holder", l.name, "revision", term.Revision)
	l.held.Store(true)
	defer l.held.Store(false)
	leading, end := context.WithCancelCause(ctx)
	l.tick()
	go l.watchItself(leading)
	renewed := make(chan Term, 1)
	go func() { renewed <- l.renew(leading, term, end) }()
	err := lead(leading)
	lost := errors.Is(context.Cause(leading), ErrLost)
	end(nil)
	term = <-renewed
	if lost {
		return fmt.Errorf("%w: %s", ErrLost, term.Holder)
	}
	l.release(context.WithoutCancel(ctx), term)
	return err
}

// await waits for the lease. It reports false if ctx ends first.
func (l *Lease) await(ctx context.Context) (Term, bool) {
	var seen Term
	var since, heard time.Time // since when it is the same, and the store was heard
	for ; ctx.Err() == nil; pause(ctx) {
		term, err := l.read(ctx)
		now := time.Now()
		if err != nil {
			heard = time.Time{}
			l.log.Debug("the lease cannot be read", "error", err)
			continue
		}
		if heard.IsZero() {
			heard = now
		}
		if since.IsZero() || term != seen {
			seen, since = term, now
		}
		if term.Holder == l.name { // the answer to a write was lost
			return term, true
		}
		if term.Holder != "" && (now.Sub(since) < patience || now.Sub(heard) < hearing) {
			continue
		}
		if term.Holder != "" {
			l.log.Warn("who leads has been silent; taking its place", "holder", term.Holder, "for", now.Sub(since))
		}
		speaking := time.Now()
		if revision, err := l.write(ctx, l.name, term.Revision); err == nil {
			l.heard(speaking)
			return Term{l.name, revision}, true
		}
	}
	return Term{}, false
}

// renew says that the holder is there until ctx ends, and returns the last term. A store
// that cannot be reached is no reason to end: no other one can have the lease meanwhile. If
// another one holds it, end is called.
func (l *Lease) renew(ctx context.Context, term Term, end func(error)) Term {
	for pause(ctx); ctx.Err() == nil; pause(ctx) {
		speaking := time.Now()
		revision, err := l.write(ctx, l.name, term.Revision)
		if err == nil {
			l.heard(speaking)
			term.Revision = revision
			l.doubt.Store(false)
			continue
		}
		now, readErr := l.read(ctx)
		switch {
		case readErr != nil || now.Revision <= term.Revision:
		case now.Holder == l.name: // the answer to a write was lost
			term = now
		default:
			end(ErrLost)
			return now
		}
	}
	return term
}

// Sure reports whether this process still leads as far as it can know: it has not stood
// still, as one that is frozen does, since it last renewed the lease.
func (l *Lease) Sure() bool {
	return !l.doubt.Load() && time.Since(l.began)-time.Duration(l.ticked.Load()) < standstill
}

// Held is a time at which this process held the lease, the last one that it knows of. No one else can have it before
// patience has passed since then. Zero if it never did.
func (l *Lease) Held() time.Time {
	if at := l.said.Load(); at > 0 {
		return l.began.Add(time.Duration(at))
	}
	return time.Time{}
}

func (l *Lease) heard(speaking time.Time) { l.said.Store(max(1, int64(speaking.Sub(l.began)))) }

func (l *Lease) tick() { l.ticked.Store(int64(time.Since(l.began))) }

// watchItself notes that this process runs, and when it did not, until ctx ends.
func (l *Lease) watchItself(ctx context.Context) {
	ticks := time.NewTicker(tickEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if time.Since(l.began)-time.Duration(l.ticked.Load()) >= standstill {
			l.doubt.Store(true)
		}
		l.tick()
	}
}

// release lets another one lead at once.
func (l *Lease) release(ctx context.Context, term Term) {
	if _, err := l.write(ctx, "", term.Revision); err != nil {
		l.log.Debug("the lease was not released; it ends by itself", "error", err)
	}
}

func (l *Lease) read(ctx context.Context) (Term, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return l.store.Read(ctx)
}

func (l *Lease) write(ctx context.Context, holder string, after uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return l.store.Write(ctx, holder, after)
}

func pause(ctx context.Context) {
	select {
	case <-time.After(renewEvery):
	case <-ctx.Done():
	}
}
