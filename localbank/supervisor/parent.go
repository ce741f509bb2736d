package supervisor

import (
	"context"
	"fmt"
	"os"
	"time"
)

// parentCheck is how often the parent is looked for.
const parentCheck = 500 * time.Millisecond

// WithParent returns a context that ends when the process that started this
// one does, provided that it runs the named program; otherwise it only follows
// ctx. It is for parents that die of a signal without handing it on, such as
// "go run".
func WithParent(ctx context.Context, program string) (context.Context, context.CancelFunc) {
	parent := os.Getppid()
	if name := programName(parent); name != program && name != program+".exe" {
		return context.WithCancel(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		ticker := time.NewTicker(parentCheck)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				// The orphans of a process get another parent.
				if os.Getppid() != parent {
					cancel(fmt.Errorf("%q, which started this process, has ended", program))
					return
				}
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
