package projector_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/sqlite"
)

func TestTwoProjectorsShareTheWork(t *testing.T) {
	log := newLedger()
	log.open(t, 5)
	log.pay(t, 300)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	var both sync.WaitGroup
	for range 2 {
		p := newProjector(store, log)
		both.Go(func() {
			for _, b := range log.batches(3) {
				if err := p.Handle(t.Context(), b); err != nil {
					t.Errorf("batch %d to %d: %v", b.First, b.Last, err)
				}
			}
			if p.Position() != log.head() {
				t.Errorf("a projector ended at %d of %d", p.Position(), log.head())
			}
		})
	}
	both.Wait()
	mustShow(t, t.Context(), store, log, log.head())
}

func TestASlowProjectorTakesOverTheOthersPosition(t *testing.T) {
	log, store, slow := bankDay(t)
	handle(t, slow, log.batch(1, 10))
	quick := newProjector(store, log)
	handle(t, quick, log.batch(11, 30))
	handle(t, slow, log.batch(11, 20)) // the store has it already
	if slow.Position() != 30 {
		t.Errorf("position is %d, want 30", slow.Position())
	}
	handle(t, slow, log.batch(25, 40))
	mustShow(t, t.Context(), store, log, 40)
	log.beforeRead = sync.OnceFunc(func() { handle(t, quick, log.batch(31, 45)) }) // while slow is reading
	handle(t, slow, log.heartbeat())
	mustShow(t, t.Context(), store, log, 50)
}

func TestAnUnavailableLogLosesNothing(t *testing.T) {
	log, store, p := bankDay(t)
	handle(t, p, log.batch(1, 10))
	log.broken = errLogAway
	for _, b := range []contract.Batch{log.batch(21, 30), log.heartbeat()} {
		if err := p.Handle(t.Context(), b); !errors.Is(err, errLogAway) {
			t.Errorf("handle: %v, want that the log is unavailable", err)
		}
	}
	if err := p.CatchUp(t.Context()); !errors.Is(err, errLogAway) {
		t.Errorf("catch up: %v, want that the log is unavailable", err)
	}
	if s := p.Status(); !errors.Is(s.Fault, errLogAway) || s.Lag() != 40 {
		t.Errorf("status is %+v, want the fault and a lag of 40", s)
	}
	handle(t, p, log.batch(11, 20)) // needs no log
	mustShow(t, t.Context(), store, log, 20)
	log.broken = nil
	handle(t, p, log.heartbeat())
	mustShow(t, t.Context(), store, log, 50)
}

func TestAnAnswerThatIsNotTheLogIsAnError(t *testing.T) {
	for name, altered := range map[string]func(*contract.Records){
		"a gap":               func(r *contract.Records) { r.Records = r.Records[1:] },
		"records of nowhere":  func(r *contract.Records) { r.Head = 45 },
		"nothing":             func(r *contract.Records) { r.Records = nil },
		"an older log":        func(r *contract.Records) { r.Records, r.Head = nil, 3 },
		"the wrong beginning": func(r *contract.Records) { r.Records = slices.Clone(r.Records[5:]) },
	} {
		t.Run(name, func(t *testing.T) {
			log, store, p := bankDay(t)
			handle(t, p, log.batch(1, 10))
			log.altered = altered
			if err := p.CatchUp(t.Context()); err == nil {
				t.Error("catch up succeeded")
			}
			mustShow(t, t.Context(), store, log, 10)
		})
	}
}

func TestAStopIsAnErrorAndLosesNothing(t *testing.T) {
	log, store, p := bankDay(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := p.Handle(ctx, log.batch(1, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("handle: %v, want context.Canceled", err)
	}
	if err := p.CatchUp(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("catch up: %v, want context.Canceled", err)
	}
	mustShow(t, t.Context(), store, log, 0)
	handle(t, p, log.batch(1, 10))
	mustShow(t, t.Context(), store, log, 10)
}

// lostAnswer is a store whose first answer is lost after the work is done.
type lostAnswer struct {
	view.Store
	once sync.Once
}

var errAnswerLost = errors.New("connection reset")

func (s *lostAnswer) Apply(ctx context.Context, changes view.Changes) (err error) {
	err = s.Store.Apply(ctx, changes)
	s.once.Do(func() { err = errors.Join(err, errAnswerLost) })
	return err
}

func TestALostAnswerOfTheStoreIsNotAppliedTwice(t *testing.T) {
	log, store, _ := bankDay(t)
	p := newProjector(&lostAnswer{Store: store}, log)
	if err := p.Handle(t.Context(), log.batch(1, 10)); !errors.Is(err, errAnswerLost) {
		t.Fatalf("handle: %v, want that the answer was lost", err)
	}
	handle(t, p, log.batch(1, 10), log.batch(11, 50))
	mustShow(t, t.Context(), store, log, 50)
	mustHaveRead(t, log, 0)
}
