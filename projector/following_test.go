package projector_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/contract"
	"corebank/internal/view/memory"
	"corebank/projector"
)

// Given a topic that has become silent, as when the broker elects a leader; when money is paid; then the views have it
// within seconds, from the log. While the topic speaks, the log is not read.
func TestASilentTopicIsReplacedByTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store := newLedger(), memory.New()
		log.open(t, 2)
		p := newProjector(store, log)
		ctx, stop := context.WithCancel(t.Context())
		silent := make(chan struct{})
		ended := make(chan error)
		go func() {
			ended <- projector.Follow(ctx, p, nil, func(ctx context.Context,
				handle func(context.Context, contract.Batch) error) error {
				for ticks := time.NewTicker(time.Second); ; {
					select {
					case <-silent:
						<-ctx.Done()
						return nil
					case <-ticks.C:
						if err := handle(ctx, log.heartbeat()); err != nil {
							return err
						}
					}
				}
			})
		}()
		<-time.After(20*time.Second + time.Millisecond)
		synctest.Wait()
		if log.reads > 6 { // at the start
			t.Errorf("the log was read %d times beside a topic that speaks", log.reads)
		}
		close(silent)
		synctest.Wait()
		log.pay(t, 10)
		<-time.After(3 * time.Second)
		synctest.Wait()
		mustShow(t, ctx, store, log, log.head())
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
