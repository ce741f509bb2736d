package simulation

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// process is one life of a process: when it dies, its goroutines end and its memory is never asked again.
type process struct {
	world  *world
	name   string
	ctx    context.Context
	cancel context.CancelFunc
	dead   atomic.Bool
	frozen atomic.Int64 // until when, as a time.Duration of the run
	stood  atomic.Int64 // the same, of the last time that it took so long that it notices
	// again starts the next life; it is called some time after a crash.
	again func()

	mu      sync.Mutex
	threads map[string]*thread // by name
	begun   map[string]int     // by name: threads that were made of it
}

// process begins a life.
func (w *world) process(name string, again func()) *process {
	p := &process{world: w, name: name, again: again, threads: make(map[string]*thread), begun: make(map[string]int)}
	p.ctx, p.cancel = context.WithCancel(w.ctx)
	w.note(name, "starts")
	return p
}

// run does work until the process dies.
func (p *process) run(th *thread, work func(context.Context)) {
	p.world.running.Go(func() { work(th.in(p.ctx)) })
}

// thread is the thread of a name in this life, the same each time: for what is done one at a time.
func (p *process) thread(name string) *thread {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.threads[name] == nil {
		p.threads[name] = p.world.thread(name, p)
	}
	return p.threads[name]
}

// another is one more thread of a name: for what may be done several times at once.
func (p *process) another(name string) *thread {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun[name]++
	return p.world.thread(fmt.Sprintf("%s (%d)", name, p.begun[name]), p)
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
	p.world.running.Go(func() {
		for p.world.sleep(p.world.ctx, delay) == nil {
			if !p.world.stopped.Load() {
				p.again()
				return
			}
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

// standstill is how long a process may stand still before it notices that, as package lease has it.
const standstill = time.Second

// freeze stops the process for a while, as SIGSTOP does.
func (p *process) freeze(d time.Duration) {
	p.world.note(p.name, "freezes for %s", d)
	p.frozen.Store(int64(p.world.now() + d))
	if d >= standstill {
		p.stood.Store(int64(p.world.now() + d))
	}
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
