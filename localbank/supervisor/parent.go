package supervisor

import (
	"context"
	"fmt"
	"os"
	"time"
)

// parentCheck is how often the parent is checked.
const parentCheck = 500 * time.Millisecond

// WithParent returns a context that ends when the process that started this
// one ends, if that process runs the named program; otherwise it only follows ctx.
// It is for parents that die of a signal without passing it on, such as "go run".
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
				// A process whose parent ends gets another parent.
				if os.Getppid() != parent {
					cancel(fmt.Errorf("%q, which started this process, has ended", program))
					return
				}
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
