package simulation

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// thread is a thread of work that does one thing at a time: a client, the turns of an account on a host, a relay.
// It has dice of its own, so that its luck follows from the seed and its own past, and not from the order in which
// the Go scheduler ran it among others. It travels in the context, through production code, to wherever luck is
// needed.
type thread struct {
	*rand.Rand
	world *world
	name  string
	of    *process      // nil for those who cannot crash
	turn  chan struct{} // holds a token while an actor has its turn
	many  bool          // it does several things at once: each that needs luck is a thread of its own

	mu   sync.Mutex
	ways map[string]*thread // of what it asks of machines, by their names
}

// thread makes the thread of a name, which is unique in a run.
func (w *world) thread(name string, of *process) *thread {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &thread{Rand: rand.New(rand.NewPCG(w.seed, h.Sum64())), world: w, name: name, of: of,
		turn: make(chan struct{}, 1)}
}

// fork is a thread beside this one.
func (t *thread) fork(name string) *thread {
	return &thread{Rand: rand.New(rand.NewPCG(t.Uint64(), t.Uint64())), world: t.world, name: t.name + " " + name}
}

// beside is the thread for something that a thread does: itself, unless it does several things at once.
func (t *thread) beside(what string) *thread {
	if !t.many {
		return t
	}
	return t.of.another(t.name + " " + what)
}

type threadKey struct{}

// in puts the thread into a context.
func (t *thread) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, threadKey{}, t)
}

// threadOf is the thread that ctx belongs to.
func threadOf(ctx context.Context) *thread { return ctx.Value(threadKey{}).(*thread) }

// between is a random time.
func (t *thread) between(least, most time.Duration) time.Duration {
	return least + time.Duration(t.Int64N(int64(most-least)+1))
}

// note adds a line to the trace.
func (t *thread) note(format string, args ...any) { t.world.note(t.name, format, args...) }

// pass takes the time of a way between components, and as much more as the thread's process is frozen. Its error is
// that ctx ended meanwhile.
func (t *thread) pass(ctx context.Context, least, most time.Duration) error {
	if err := t.world.sleep(ctx, t.between(least, most)); err != nil {
		return err
	}
	return t.of.thaw(ctx, t)
}

// suffers reports whether a fault happens now.
func (t *thread) suffers(f fault) bool {
	if t.Float64() >= t.world.rate(f) {
		return false
	}
	t.world.count(f)
	t.note("%s", f)
	return true
}

// Errors that a component sees of the faults around it.
var (
	errLost    = errors.New("the connection broke")
	errAway    = errors.New("there is no answer")
	errCrashed = errors.New("the process died")
)

// point is a place beside a durable step, where the process may die. It is errCrashed if it did.
func (t *thread) point(f fault) error {
	if t.of == nil || !t.suffers(f) {
		return nil
	}
	t.alone()
	t.of.crash()
	return errCrashed
}

// hazards are the faults of a step that makes something durable; "" for none.
type hazards struct{ before, lost, after, unknown fault }

// durably makes something durable: on the way there the process may die before or after that, and the caller may
// see an error although it happened, or did not.
func (t *thread) durably(ctx context.Context, longest time.Duration, h hazards, step func() error) error {
	if err := t.pass(ctx, 100*time.Microsecond, longest); err != nil {
		return err
	}
	if err := t.point(h.before); err != nil {
		return err
	}
	if t.suffers(h.lost) {
		return errLost
	}
	if err := step(); err != nil {
		return err
	}
	if err := t.point(h.after); err != nil {
		return err
	}
	if t.suffers(h.unknown) {
		return errLost
	}
	return nil
}

// unlessLost reads something, which may take its time or fail.
func unlessLost[T any](ctx context.Context, lost fault, read func() (T, error)) (found T, err error) {
	err = threadOf(ctx).durably(ctx, wayMax, hazards{lost: lost}, func() error {
		found, err = read()
		return err
	})
	return found, err
}

// perils are the faults of a call: it gets lost, or arrives late after all, or its answer gets lost.
type perils struct{ lost, late, answerLost fault }

// perilously makes a call. One that is late arrives after up to most.
func perilously[Reply any](ctx context.Context, p perils, most time.Duration,
	call func(context.Context) (Reply, error)) (reply Reply, err error) {
	t := threadOf(ctx)
	switch {
	case t.suffers(p.lost):
		return reply, t.lose(ctx)
	case t.suffers(p.late):
		t.world.later(t, most, func(ctx context.Context) {
			_, err := call(ctx)
			threadOf(ctx).note("what was late was made: %v", err)
		})
		return reply, t.lose(ctx)
	}
	reply, err = call(ctx)
	if err == nil && t.suffers(p.answerLost) {
		err = errLost
	}
	return reply, err
}

// alone waits for an instant of its own. A process is ended only there: one death may wake many threads at once,
// and the next must not come while they are still on their feet.
func (t *thread) alone() { _ = t.world.sleep(t.world.ctx, t.between(1, 1000)) }

// lose is how a caller notices that a call got lost: after a while.
func (t *thread) lose(ctx context.Context) error {
	if err := t.pass(ctx, time.Millisecond, 200*time.Millisecond); err != nil {
		return err
	}
	return errLost
}
