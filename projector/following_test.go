package projector_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/view"
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
			}, nil)
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

// slate keeps a lease in memory.
type slate struct {
	mu   sync.Mutex
	term lease.Term
}

func (s *slate) Read(context.Context) (lease.Term, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.term, nil
}

func (s *slate) Write(_ context.Context, holder string, after uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.term.Revision != after {
		return 0, errors.New("another one was faster")
	}
	s.term = lease.Term{Holder: holder, Revision: after + 1}
	return s.term.Revision, nil
}

// Given two projectors on the same views; then one of them works. When it is lost, the other one has the views up to
// date within seconds.
func TestAnotherProjectorTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store, leases := newLedger(), memory.New(), &slate{}
		log.open(t, 2)
		applied := make([]int, 2)
		stop, ended := make([]context.CancelFunc, 2), make([]chan error, 2)
		for i := range applied {
			ctx, cancel := context.WithCancel(t.Context())
			stop[i], ended[i] = cancel, make(chan error, 1)
			p := newProjector(&counted{store, &applied[i]}, log)
			own := lease.New(leases, fmt.Sprint(i), slog.New(slog.DiscardHandler))
			go func() {
				ended[i] <- projector.Follow(ctx, p, nil, func(ctx context.Context,
					_ func(context.Context, contract.Batch) error) error {
					<-ctx.Done()
					return nil
				}, own)
			}()
			<-time.After(time.Second)
		}
		log.pay(t, 10)
		<-time.After(time.Minute)
		synctest.Wait()
		mustShow(t, t.Context(), store, log, log.head())
		if applied[0] == 0 || applied[1] > 0 {
			t.Errorf("they wrote %v times", applied)
		}
		stop[0]()
		if err := <-ended[0]; err != nil {
			t.Error(err)
		}
		log.pay(t, 10)
		<-time.After(5 * time.Second)
		synctest.Wait()
		mustShow(t, t.Context(), store, log, log.head())
		stop[1]()
		if err := <-ended[1]; err != nil || applied[1] == 0 {
			t.Errorf("the second wrote %d times: %v", applied[1], err)
		}
	})
}

// counted counts what a projector writes.
type counted struct {
	view.Store
	times *int
}

func (c *counted) Apply(ctx context.Context, changes view.Changes) error {
	*c.times++
	return c.Store.Apply(ctx, changes)
}
