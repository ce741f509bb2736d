package eventsource

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/lease"
)

// board has a lease, unless it is away.
type board struct {
	revision uint64
	away     atomic.Bool
}

func (b *board) Read(context.Context) (lease.Term, error) {
	return lease.Term{}, nil
}

func (b *board) Write(_ context.Context, _ string, after uint64) (uint64, error) {
	if b.away.Load() {
		return 0, errors.New("the board is away")
	}
	b.revision = after + 1
	return b.revision, nil
}

// primary acknowledges commits, unless it is cut off from those that have the copies.
type primary struct {
	cut   atomic.Bool
	tried atomic.Int64
	ours  time.Time
}

func (p *primary) Ours() time.Time { return p.ours }

func (p *primary) ShowOurs(ctx context.Context) error {
	p.tried.Add(1)
	if p.cut.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	p.ours = time.Now()
	return nil
}

// TestAnEventSourceThatIsCutOffDoesNotAnswer: with its lease or with its primary it knows that the log is its own. Cut
// off from both, it answers nothing before another one can have taken the log over.
func TestAnEventSourceThatIsCutOffDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker, log := &board{}, &primary{}
		held := lease.New(broker, "one", slog.New(slog.DiscardHandler))
		own := NewOwnership(log, held)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- held.Run(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }) }()
		is := func(when string, want bool) {
			t.Helper()
			asked, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if got := own.Shown(asked); got != want {
				t.Errorf("%s: it answers: %v, want %v", when, got, want)
			}
		}
		<-time.After(10 * time.Second)
		is("with its lease", true)
		if log.tried.Load() > 0 {
			t.Error("it commits something although it has its lease")
		}
		broker.away.Store(true)
		<-time.After(20 * time.Second)
		is("without a broker, with its primary", true)
		for range 20 {
			is("soon after", true)
		}
		if n := log.tried.Load(); n != 1 {
			t.Errorf("it commits %d times, want 1", n)
		}
		log.cut.Store(true)
		<-time.After(shownWithin)
		is("cut off", false)
		for range 20 {
			is("soon after", false)
		}
		if n := log.tried.Load(); n != 2 {
			t.Errorf("it tried to commit %d times, want 2", n)
		}
		broker.away.Store(false)
		<-time.After(2 * time.Second)
		is("with the broker again", true)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
