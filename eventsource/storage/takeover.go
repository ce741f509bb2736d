package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"corebank/internal/app"
)

// Pauses between attempts to take a log over.
const (
	acquirePauseMin = 50 * time.Millisecond
	acquirePauseMax = time.Second
)

// Tenure is the time from one takeover of a log to the next.
type Tenure struct {
	// Log is the id of the log. Takeover names the takeover: no other one has that name.
	Log, Takeover string
}

// ErrMoved is why a log is taken over again although no write has failed.
var ErrMoved = errors.New("the log has another primary")

// Lease is held by the one writer of a log, or by the one sequencer.
type Lease struct {
	what string // is taken over, for messages
	of   Identified
	log  *slog.Logger

	again  chan struct{} // says that the log has to be taken over again
	tenure atomic.Pointer[Tenure]
	held   atomic.Bool
	damage atomic.Pointer[string] // what an operator has to repair before the log can be taken over
}

// NewLease is a lease of what a message calls so, which no one holds yet.
func NewLease(what string, of Identified, log *slog.Logger) *Lease {
	return &Lease{what: what, of: of, log: log, again: make(chan struct{}, 1)}
}

// TakeOverAgain has the log taken over again when no write is under way. Without it, a holder that had nothing to write
// would not notice that another machine is the primary, and no reader could read.
func (l *Lease) TakeOverAgain() {
	select {
	case l.again <- struct{}{}:
	default: // it will
	}
}

// Again yields a token when the log has to be taken over again: the work ends with ErrMoved.
func (l *Lease) Again() <-chan struct{} { return l.again }

// forgetMoves forgets what was said before the log was taken over.
func (l *Lease) forgetMoves() {
	select {
	case <-l.again:
	default:
	}
}

// Run takes the log over with acquire and works while it holds the lease, until ctx ends or another writer takes over,
// which it reports as ErrFenced. If work fails otherwise, the outcome of a write is unknown, and Run takes over again.
func (l *Lease) Run(ctx context.Context, acquire, work func(context.Context) error) error {
	for {
		if err := l.acquire(ctx, acquire); err != nil {
			return stopped(ctx, err)
		}
		err := work(ctx)
		l.held.Store(false)
		if ctx.Err() != nil || errors.Is(err, ErrFenced) {
			return stopped(ctx, err)
		}
		l.log.Error("write with unknown outcome, taking over again", "what", l.what, "error", err)
	}
}

// stopped is nil when ctx ended, which is the ordinary way to stop.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ErrFenced) {
		return nil
	}
	return err
}

func (l *Lease) acquire(ctx context.Context, acquire func(context.Context) error) error {
	for pause := acquirePauseMin; ; pause = min(2*pause, acquirePauseMax) {
		err := acquire(ctx)
		l.noteDamage(err)
		if err == nil {
			l.forgetMoves()
			err = l.begin(ctx)
		}
		if err == nil {
			return nil
		}
		if errors.Is(err, ErrFenced) || errors.Is(err, ErrPartition) {
			return err
		}
		l.log.Warn("not available, trying again", "what", l.what, "error", err, "pause", pause)
		if !app.Pause(ctx, pause) {
			return ctx.Err()
		}
	}
}

// begin begins a tenure: what is read of the log from now on carries its name.
func (l *Lease) begin(ctx context.Context) error {
	id, err := l.of.LogID(ctx)
	if err != nil {
		return err
	}
	l.tenure.Store(&Tenure{Log: id, Takeover: rand.Text()})
	l.held.Store(true)
	return nil
}

// Tenure is the last tenure that began here. It is false before the first.
func (l *Lease) Tenure() (Tenure, bool) {
	if t := l.tenure.Load(); t != nil {
		return *t, true
	}
	return Tenure{}, false
}

func (l *Lease) noteDamage(err error) {
	if damage := DamageError(""); errors.As(err, &damage) {
		reason := err.Error()
		l.damage.Store(&reason)
		return
	}
	l.damage.Store(nil)
}

// Problem is why the lease is not held, or "".
func (l *Lease) Problem() string {
	if damage := l.damage.Load(); damage != nil {
		return *damage
	}
	if !l.held.Load() {
		return l.what + " is not available: the event source is not connected to immudb"
	}
	return ""
}
