package bench

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/app"
)

// everyTurn is an operation that takes some time.
func everyTurn(takes time.Duration) operation {
	return func(ctx context.Context, _, _ int) (int, error) {
		app.Pause(ctx, takes)
		return 1, nil
	}
}

func noMeasure() func() { return func() {} }

func run(t *testing.T, l Load, do operation) *tally {
	t.Helper()
	counted := newTally(1, l.Time)
	if err := l.run(t.Context(), counted, do, noMeasure); err != nil {
		t.Fatal(err)
	}
	return counted
}

func TestAClosedLoadSendsTheNextCallWhenItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := run(t, Load{Clients: 3, Warmup: time.Second, Time: 10*time.Second + time.Millisecond},
			everyTurn(10*time.Millisecond))
		if o.done < 2995 || o.done > 3003 || o.took < 10*time.Second {
			t.Errorf("%d operations in %v, want about 3000 in 10 s", o.done, o.took)
		}
		if p50 := o.all.quantile(0.5); p50 < 9.9 || p50 > 10.1 {
			t.Errorf("the median wait is %v ms, want 10", p50)
		}
	})
}

// When a bank stalls for a second, an open load counts the waits of the calls that
// were due meanwhile, although it sends them only afterwards.
func TestAnOpenLoadCountsTheWaitFromWhenACallWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stall := func(_ context.Context, _, turn int) (int, error) {
			if turn == 100 {
				time.Sleep(time.Second)
			}
			time.Sleep(time.Millisecond)
			return 1, nil
		}
		o := run(t, Load{Clients: 1, Rate: 100, Time: 10*time.Second + time.Millisecond}, stall)
		if o.done < 995 || o.done > 1002 {
			t.Errorf("%d operations, want the 1000 that were due", o.done)
		}
		if p95 := o.all.quantile(0.95); p95 < 300 {
			t.Errorf("95 %% waited no longer than %v ms: the stall of a second was left out", p95)
		}
		if p50 := o.all.quantile(0.5); p50 > 1.1 {
			t.Errorf("the median wait is %v ms, want 1", p50)
		}
	})
}

func TestAFailedCallIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := run(t, Load{Clients: 2, Time: time.Second}, func(_ context.Context, client, _ int) (int, error) {
			time.Sleep(10 * time.Millisecond)
			if client == 0 {
				return 5, errors.New("refused")
			}
			return 5, nil
		})
		if o.failed == 0 || o.done != 5*(o.calls()-o.failed) || o.all.count() != o.calls()-o.failed ||
			!slices.Contains(o.failures, "refused") || len(o.failures) != maxFailures {
			t.Errorf("%d calls, %d failed, %d operations, %d waits, %q", o.calls(), o.failed, o.done, o.all.count(), o.failures)
		}
	})
}

// Calls in flight at the end are finished, so that no outcome is unknown.
func TestALoadEndsWithoutCuttingOffItsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun, finished atomic.Int64
		o := run(t, Load{Clients: 4, Time: time.Second}, func(ctx context.Context, _, _ int) (int, error) {
			begun.Add(1)
			time.Sleep(300 * time.Millisecond)
			if ctx.Err() == nil {
				finished.Add(1)
			}
			return 1, nil
		})
		if begun.Load() != finished.Load() || o.done != 12 {
			t.Errorf("%d begun, %d finished, %d counted; want 12 counted and none cut off", begun.Load(), finished.Load(),
				o.done)
		}
	})
}

func TestALoadEndsEarlyWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := Load{Clients: 2, Time: time.Hour}.run(ctx, newTally(1, time.Hour), everyTurn(time.Millisecond), noMeasure)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
