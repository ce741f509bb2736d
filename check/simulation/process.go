package simulation

import (
	"context"
	"sync/atomic"
	"time"
)

// process is one life of a process: when it dies, its goroutines end and its
// memory is never asked again.
type process struct {
	world  *world
	name   string
	ctx    context.Context
	cancel context.CancelFunc
	dead   atomic.Bool
	frozen atomic.Int64 // until when, as a time.Duration of the run
	// again starts the next life; it is called some time after a crash.
	again func()
}

// process begins a life.
func (w *world) process(name string, again func()) *process {
	p := &process{world: w, name: name, again: again}
	p.ctx, p.cancel = context.WithCancel(w.ctx)
	w.note(name, "starts")
	return p
}

// run does work until the process dies.
func (p *process) run(th *thread, work func(context.Context)) {
	p.world.running.Go(func() { work(th.in(p.ctx)) })
}

// crash ends this life and arranges the next.
func (p *process) crash() {
	if !p.die() {
		return
	}
	p.world.note(p.name, "dies")
	// A name of its own: several threads of a process may be unlucky at once.
	th := p.world.thread(p.name+" afterlife", nil)
	delay := th.between(10*time.Millisecond, 3*time.Second)
	p.world.background(func(ctx context.Context) {
		if p.world.sleep(ctx, delay) == nil {
			p.again()
		}
	})
}

// die ends this life; false if it had ended already.
func (p *process) die() bool {
	if p.dead.Swap(true) {
		return false
	}
	p.cancel()
	return true
}

// freeze stops the process for a while, as SIGSTOP does.
func (p *process) freeze(d time.Duration) {
	p.world.note(p.name, "freezes for %s", d)
	p.frozen.Store(int64(p.world.now() + d))
}

// thaw waits while the process is frozen.
func (p *process) thaw(ctx context.Context, th *thread) error {
	if p == nil {
		return nil
	}
	for !p.world.healed.Load() {
		rest := time.Duration(p.frozen.Load()) - p.world.now()
		if rest <= 0 {
			break
		}
		if err := p.world.endure(ctx, th, rest+th.between(0, time.Millisecond)); err != nil {
			return err
		}
	}
	if p.dead.Load() {
		return errCrashed
	}
	return nil
}

// serve is a caller's context within the process: it ends with either.
func (p *process) serve(ctx context.Context) (context.Context, context.CancelFunc) {
	served, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(p.ctx, cancel)
	return served, func() { stop(); cancel() }
}
