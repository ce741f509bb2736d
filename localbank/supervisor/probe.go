package supervisor

import (
	"context"
	"fmt"
	"time"
)

// Bounds of asking whether a process is ready.
const (
	probeLeast   = 20 * time.Millisecond
	probeMost    = 250 * time.Millisecond
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

// probe asks until the process is ready. It gives up only at the first start:
// later the process may be waiting for another that has died as well, and to
// start it again would help neither.
func (c *child) probe(ctx context.Context, r *running) error {
	pause, told := probeLeast, time.Now()
	for {
		err := c.ask(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if !c.wasReady() && time.Since(r.began) >= c.ReadyWithin {
			return lateError{c.ReadyWithin, err}
		}
		if time.Since(told) >= waitingEvery {
			told = time.Now()
			c.group.tell(Event{Process: c.Name, State: Waiting, Err: err, Took: time.Since(r.began), Lines: r.log.tail()})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(pause*3/2, probeMost)
	}
}

func (c *child) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return c.Ready(ctx)
}
