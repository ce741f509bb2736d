package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// stopWithin bounds the stop of a whole group: processes that are left then are
// killed, all at once. endWithin is how long a killed process may take to end.
const (
	stopWithin = 9 * time.Second
	endWithin  = 900 * time.Millisecond
)

// Group is a set of processes that belong together.
type Group struct {
	logs     string
	children []*child
	launcher *launcher
	// hurry ends when the processes that are left are to be killed.
	hurry context.Context
	kill  context.CancelFunc

	reporting sync.Mutex
	report    func(Event)
}

// New makes a group whose processes write to <logs>/<name>.log. The directory
// must exist. report is called with one event at a time and must return soon.
func New(logs string, report func(Event), processes ...Process) (*Group, error) {
	if err := check(processes); err != nil {
		return nil, err
	}
	if info, err := os.Stat(logs); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("the directory of the logs %s: %w", logs, errors.Join(err, os.ErrInvalid))
	}
	g := &Group{logs: logs, report: report}
	g.hurry, g.kill = context.WithCancel(context.Background())
	named := make(map[string]*child)
	for _, p := range processes {
		c := &child{Process: p.withDefaults(), group: g, ready: make(chan struct{}), stopped: make(chan struct{})}
		for _, name := range p.Needs {
			c.needs = append(c.needs, named[name])
			named[name].neededBy = append(named[name].neededBy, c)
		}
		named[p.Name] = c
		g.children = append(g.children, c)
	}
	return g, nil
}

// Run starts the processes, calls ready when all of them are, keeps them
// running until ctx ends, and stops them. It returns nil if ctx ended it, a
// *StartError if a process did not become ready the first time. It is called
// once.
func (g *Group) Run(ctx context.Context, ready func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g.launcher = newLauncher()
	defer g.launcher.close()
	defer g.kill()
	defer context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(stopWithin, g.kill)
		context.AfterFunc(g.hurry, func() { timer.Stop() })
	})()

	failures := make([]error, len(g.children))
	var all sync.WaitGroup
	for i, c := range g.children {
		all.Go(func() {
			defer close(c.stopped)
			if failures[i] = c.run(ctx); failures[i] != nil {
				cancel(failures[i]) // the group needs all of them
			}
		})
	}
	if g.awaitReady(ctx) {
		ready()
	}
	all.Wait()
	return errors.Join(failures...)
}

// Start starts the processes and waits until all are ready. They run until stop is called, also beyond ctx.
func (g *Group) Start(ctx context.Context) (stop func() error, err error) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- g.Run(running, func() { close(ready) }) }()
	stop = func() error { cancel(); return <-ended }
	select {
	case <-ready:
		return stop, nil
	case err := <-ended:
		cancel()
		return nil, err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), stop())
	}
}

// Kill kills the processes at once, in no order, when the context of Run ends or has
// ended, as after a second Ctrl-C.
func (g *Group) Kill() { g.kill() }

// awaitReady reports whether every process became ready.
func (g *Group) awaitReady(ctx context.Context) bool {
	for _, c := range g.children {
		select {
		case <-c.ready:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (g *Group) emit(e Event) {
	g.reporting.Lock()
	defer g.reporting.Unlock()
	g.report(e)
}
