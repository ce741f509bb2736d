package simulation

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"corebank/internal/lease"
)

// board is where the lease of the event source that works is kept: the broker, which agrees by majority on what is
// there. Who reaches no other machine has no broker.
type board struct {
	world *world

	mu    sync.Mutex
	term  lease.Term
	older lease.Term    // that a member of the broker may still have
	away  time.Duration // until when it elects a leader, as a time of the run
}

// goAway has the broker elect a leader for a while.
func (b *board) goAway(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = b.world.now() + d
}

// ticket is the access of one process on a machine to the board. It does one thing at a time.
type ticket struct {
	board   *board
	cluster *cluster
	of      *process
	at      int
	th      *thread
	renewed atomic.Int64 // when the last write that was answered had begun, as a time of the run
}

var errFollowed = errors.New("another one was faster")

// Read implements lease.Store.
func (t *ticket) Read(ctx context.Context) (term lease.Term, err error) {
	err = t.reach(ctx, func() error {
		term = t.board.term
		if t.th.suffers(leaseStale) {
			term = t.board.older
		}
		return nil
	})
	return term, err
}

// Write implements lease.Store.
func (t *ticket) Write(ctx context.Context, holder string, after uint64) (revision uint64, err error) {
	began, unknown := t.board.world.now(), t.th.suffers(leaseUnknown)
	err = t.reach(ctx, func() error {
		if after != t.board.term.Revision {
			return errFollowed
		}
		t.board.older, t.board.term = t.board.term, lease.Term{Holder: holder, Revision: after + 1}
		return nil
	})
	if err == nil && unknown {
		err = errLost
	}
	if err == nil {
		t.renewed.Store(int64(began))
	}
	return after + 1, err
}

// reach goes to the board and back.
func (t *ticket) reach(ctx context.Context, do func() error) error {
	ctx = t.th.in(ctx)
	for range 2 { // there and back
		if err := t.way(ctx); err != nil {
			return err
		}
		if do == nil {
			break
		}
		t.board.mu.Lock()
		err := do()
		t.board.mu.Unlock()
		if err != nil {
			return err
		}
		do = nil
	}
	return nil
}

// way is the way to the board, or from it.
func (t *ticket) way(ctx context.Context) error {
	w := t.board.world
	if err := w.sleep(ctx, t.th.between(wayMin, wayMax)); err != nil {
		return err
	}
	if err := t.of.thaw(ctx, t.th); err != nil {
		return err
	}
	for !w.healed.Load() {
		t.board.mu.Lock()
		rest := t.board.away - w.now()
		t.board.mu.Unlock()
		if rest = max(rest, t.cluster.isAlone(t.at)); rest <= 0 {
			break
		}
		if err := w.endure(ctx, t.th, rest+t.th.between(0, time.Millisecond)); err != nil {
			return err
		}
	}
	if t.of.dead.Load() {
		return errCrashed
	}
	return nil
}
