package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Bounds of starting again.
const (
	pauseMin = 100 * time.Millisecond
	pauseMax = 5 * time.Second
	// stableTime is how long a process must run for the next pause to be short
	// again.
	stableTime = 10 * time.Second
	// maxFirstStarts bounds the starts of a process that was never ready. A
	// process that was ready once is started again without a limit.
	maxFirstStarts = 3
)

// child is a process in its group, from before its first start to its end.
type child struct {
	Process
	group    *Group
	needs    []*child
	neededBy []*child
	ready    chan struct{} // closed when it is ready for the first time
	stopped  chan struct{} // closed when it has ended and is not started again
	died     time.Time     // zero while it runs
}

// run keeps the process running until ctx ends. It fails only if the process
// never becomes ready.
func (c *child) run(ctx context.Context) error {
	for _, need := range c.needs {
		select {
		case <-need.ready:
		case <-ctx.Done():
			return nil
		}
	}
	pause := pauseMin
	for attempt := 1; ; attempt++ {
		began := time.Now()
		lines, err := c.once(ctx)
		if ctx.Err() != nil {
			return left(err)
		}
		var late lateError
		if !c.wasReady() && (attempt == maxFirstStarts || errors.As(err, &late)) {
			return &StartError{Process: c.Name, Err: err, Log: logPath(c.group.logs, c.Name), Lines: lines}
		}
		if time.Since(began) >= stableTime {
			pause = pauseMin
		}
		c.died = time.Now()
		c.group.emit(Event{Process: c.Name, State: Died, Err: err, Pause: pause, Lines: lines})
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, pauseMax)
	}
}

func (c *child) wasReady() bool {
	select {
	case <-c.ready:
		return true
	default:
		return false
	}
}

// once starts the process and returns when it has ended: with the reason and
// its last lines, or nil if it was asked to end.
func (c *child) once(ctx context.Context) ([]string, error) {
	r, err := c.group.launcher.start(c.Process, c.group.logs)
	if err != nil {
		return nil, err
	}
	defer r.log.Close()
	c.group.emit(Event{Process: c.Name, State: Started, PID: r.command.Process.Pid})
	probing, cancel := context.WithCancel(ctx)
	defer cancel()
	probed := make(chan error, 1)
	go func() { probed <- c.probe(probing, r) }()
	checks := time.NewTicker(logCheck)
	defer checks.Stop()
	for {
		select {
		case <-r.ended:
			return r.log.tail(), errors.New(r.state())
		case err := <-probed:
			if ctx.Err() != nil {
				continue // the next case handles the end of ctx
			}
			if err != nil {
				lines := r.log.tail()
				return lines, errors.Join(err, c.end(r))
			}
			c.becomeReady(r)
		case <-checks.C:
			_ = r.log.bound() // a large log is no reason to stop; the next check tries again
		case <-ctx.Done():
			return nil, c.stop(r)
		}
	}
}

func (c *child) becomeReady(r *running) {
	event := Event{Process: c.Name, State: Ready, PID: r.command.Process.Pid, Took: time.Since(r.began)}
	if c.wasReady() {
		event.State, event.Took = Back, time.Since(c.died)
	}
	c.group.emit(event)
	if event.State == Ready {
		close(c.ready)
	}
}

// stop waits until the processes that need this one have stopped, asks it to end,
// and kills it if it does not.
func (c *child) stop(r *running) error {
	for _, other := range c.neededBy {
		select {
		case <-other.stopped:
		case <-c.group.hurry.Done():
		}
	}
	began := time.Now()
	if c.group.hurry.Err() == nil {
		r.signal(c.StopSignal)
	}
	event := Event{Process: c.Name, State: Stopped, PID: r.command.Process.Pid}
	select {
	case <-r.ended:
	case <-time.After(c.Grace):
		event.State = Killed
	case <-c.group.hurry.Done():
		event.State = Killed
	}
	err := c.end(r)
	event.Took, event.Err = time.Since(began), err
	c.group.emit(event)
	return err
}

// leftError says that a process did not even end when it was killed.
type leftError struct {
	name string
	pid  int
}

func (e leftError) Error() string {
	return fmt.Sprintf("%s (process %d) was killed and still runs; the system may be waiting for a disk", e.name, e.pid)
}

// left is err if a process was left running. Other errors do not matter when the
// group stops.
func left(err error) error {
	var behind leftError
	if errors.As(err, &behind) {
		return behind
	}
	return nil
}

// end kills the process and the processes that it started.
func (c *child) end(r *running) error {
	r.signal(os.Kill)
	select {
	case <-r.ended:
		return nil
	case <-time.After(endWithin):
		return leftError{c.Name, r.command.Process.Pid}
	}
}
