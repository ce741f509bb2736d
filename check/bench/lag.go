package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const caseLag = "lag of the views"

const (
	// lagClients look at once how far the views are behind.
	lagClients = 4
	// lagMost is how long one waits for a view, in milliseconds: the most that
	// the gateway waits.
	lagMost = 10_000
)

// openLag measures how long after an acknowledged deposit the views show it,
// while others deposit as fast as they can.
func openLag(ctx context.Context, l *lab) ([]measured, error) {
	t, err := l.uniform(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := l.openTill(ctx, l.bank, lagClients, lagClients)
	if err != nil {
		return nil, err
	}
	about := fmt.Sprintf("from the acknowledgement of a deposit until a query shows it, under the load of deposit (%s)", count(l.load(moveClients).Clients, "client"))
	return []measured{{caseLag, "deposits", about, func(ctx context.Context) (Sample, error) {
		return l.measureLag(ctx, t, seen)
	}}}, nil
}

// measureLag runs both loads at the same time.
func (l *lab) measureLag(ctx context.Context, t, seen *till) (Sample, error) {
	var others, own outcome
	var failures [2]error
	var both sync.WaitGroup
	unmeasured := func() func() { return func() {} }
	both.Go(func() { others, failures[0] = l.load(moveClients).run(ctx, t.deposits(), unmeasured) })
	lags := newLags()
	both.Go(func() {
		own, failures[1] = Load{Clients: lagClients, Warmup: l.Warmup, Time: l.Time}.run(ctx, seen.untilSeen(lags), func() func() { lags.begin(); return lags.end })
	})
	both.Wait()
	if err := errors.Join(failures[:]...); err != nil {
		return Sample{}, err
	}
	if own.done == 0 || others.done == 0 {
		return Sample{}, fmt.Errorf("%w: %v %v", errNothingDone, own.failures, others.failures)
	}
	sample := Sample{Failed: own.failed + others.failed, Failures: append(own.failures, others.failures...), Measures: append(waitsOf(lags.waits),
		Measure{"deposits meanwhile", "deposits/s", float64(others.done) / others.took.Seconds()})}
	return sample, errors.Join(t.verify(ctx), seen.verify(ctx))
}

// untilSeen deposits and waits until a query shows it. Only the wait after the
// acknowledgement is kept in lags.
func (t *till) untilSeen(lags *lags) operation {
	return func(ctx context.Context, client, _ int) (int, error) {
		answer, err := t.gateway.mutate(ctx, moveRequest(depositText, t.accounts[client].id, t.key()))
		if _, err := t.moved(answer, err, map[int]int64{client: moveMinor}); err != nil {
			return 0, err
		}
		from := time.Now()
		var got struct{ Balance struct{ Version int64 } }
		err = t.gateway.ask(ctx, fmt.Sprintf(`{ balance(accountId: %q, minVersion: %d, waitMs: %d) { version } }`,
			t.accounts[client].id, answer.Transaction.Version, lagMost), &got)
		if err == nil && got.Balance.Version < answer.Transaction.Version {
			err = fmt.Errorf("the view has version %d, asked for %d", got.Balance.Version, answer.Transaction.Version)
		}
		if err == nil {
			lags.add(time.Since(from))
		}
		return 1, err
	}
}

// lags are waits that are no call's own, kept while a load is measured.
type lags struct {
	mu       sync.Mutex
	counting bool
	waits    *waits
}

func newLags() *lags { return &lags{waits: newWaits()} }

func (l *lags) begin() { l.set(true) }
func (l *lags) end()   { l.set(false) }

func (l *lags) set(counting bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counting = counting
}

func (l *lags) add(some ...time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range some {
		if l.counting {
			l.waits.add(d)
		}
	}
}
