package saga_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestADriverMayDieAnywhere kills a driver at each thing that it does, one
// after the other, and begins again with the newest checkpoint, with an old one,
// and with nothing.
func TestADriverMayDieAnywhere(t *testing.T) {
	for _, found := range []string{"newest", "oldest", "nothing"} {
		t.Run(found, func(t *testing.T) {
			died := true
			for deaths := range 60 {
				synctest.Test(t, func(t *testing.T) {
					w := newCluster(t, 1)
					w.slow = 600 * time.Millisecond // so that checkpoints are saved between any two steps
					w.stale, w.lost = found == "oldest", found == "nothing"
					dying, n := make(chan struct{}, 1), 0
					w.trouble = func(ctx context.Context, point string) error {
						if strings.HasSuffix(point, "append") && ctx.Value(receiver{}) == nil {
							return nil // not a driver's
						}
						w.mu.Lock()
						n++
						last := n-1 == deaths
						w.mu.Unlock()
						if last {
							dying <- struct{}{}
							<-ctx.Done() // nothing follows
						}
						return ctx.Err()
					}
					w.drive(0)
					w.background(func(ctx context.Context) error {
						select {
						case <-dying:
							w.kill(0)
							w.drive(0)
						case <-ctx.Done():
						}
						return nil
					})
					w.threeTransfers()
					w.mu.Lock()
					defer w.mu.Unlock()
					if died = n > deaths; !died && deaths < 25 {
						t.Errorf("it did only %d things", n)
					}
				})
				if !died {
					return
				}
			}
		})
	}
}

// TestAHostMayDieAnywhere makes the actors forget everything at each thing that
// is done, one after the other; what the old host was doing goes on beside the
// new one.
func TestAHostMayDieAnywhere(t *testing.T) {
	died := true
	for deaths := 0; died; deaths++ {
		synctest.Test(t, func(t *testing.T) {
			w, n := newCluster(t, 1), 0
			w.trouble = func(context.Context, string) error {
				w.mu.Lock()
				defer w.mu.Unlock()
				if n++; n-1 == deaths {
					w.hosts[0] = w.newHost()
				}
				return nil
			}
			w.drive(0)
			w.threeTransfers()
			w.mu.Lock()
			defer w.mu.Unlock()
			died = n > deaths
		})
	}
}
