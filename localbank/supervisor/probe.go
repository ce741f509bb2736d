package supervisor

import (
	"context"
	"fmt"
	"time"
)

// Bounds of checking whether a process is ready.
const (
	probeMin     = 20 * time.Millisecond
	probeMax     = 250 * time.Millisecond
	probeTimeout = 4 * time.Second
	// waitingEvery is how often a wait is reported.
	waitingEvery = 10 * time.Second
)

// lateError says that a process did not become ready in its time.
type lateError struct {
	within time.Duration
	last   error
}

func (e lateError) Error() string {
	return fmt.Sprintf("it was not ready within %v: %v", e.within, e.last)
}

func (e lateError) Unwrap() error { return e.last }

// probe checks until the process is ready. It gives up only at the first start:
// later the process may be waiting for another one that has died as well, and
// starting it again would help neither.
func (c *child) probe(ctx context.Context, r *running) error {
	pause, reported := probeMin, time.Now()
	for {
		err := c.check(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if !c.wasReady() && time.Since(r.began) >= c.ReadyWithin {
			return lateError{c.ReadyWithin, err}
		}
		if time.Since(reported) >= waitingEvery {
			reported = time.Now()
			c.group.emit(Event{Process: c.Name, State: Waiting, Err: err, Took: time.Since(r.began), Lines: r.log.tail()})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(pause*3/2, probeMax)
	}
}

func (c *child) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return c.Ready(ctx)
}
