package projector_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/internal/view/sqlite"
)

// Whatever the broker does to batches, after the next heartbeat the views are those
// of the log.
func TestHoweverBatchesArriveTheViewsAreThoseOfTheLog(t *testing.T) {
	log := newLedger()
	log.open(t, 7)
	log.pay(t, 80)
	t.Run("memory", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) { deliver(rt, t.Context(), memory.New(), log, mustShow) })
	})
	t.Run("sqlite", func(t *testing.T) {
		dir, file := t.TempDir(), 0
		rapid.Check(t, func(rt *rapid.T) {
			file++
			path := filepath.Join(dir, strconv.Itoa(file))
			store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err != nil {
				rt.Fatal(err)
			}
			defer os.Remove(path)
			defer store.Close(t.Context())
			check := func(fatal, context.Context, view.Reader, *ledger, int64) {} // slow here, and done above
			deliver(rt, t.Context(), store, log, check)
		})
	})
}

// deliver gives batches to projectors like a faulty broker: any part of the log at
// any time, some of them damaged, with heartbeats and restarts in between. check
// reads the views after each of them.
func deliver(rt *rapid.T, ctx context.Context, store view.Store, log *ledger,
	check func(fatal, context.Context, view.Reader, *ledger, int64)) {
	p := newProjector(store, log)
	for range rapid.IntRange(0, 30).Draw(rt, "deliveries") {
		first := rapid.Int64Range(1, log.head()).Draw(rt, "first")
		last := rapid.Int64Range(first, min(log.head(), first+15)).Draw(rt, "last")
		batch := log.batch(first, last)
		switch rapid.SampledFrom([]string{"next", "any", "any", "spoilt", "heartbeat", "restart"}).Draw(rt, "delivery") {
		case "next":
			first = min(p.Position()+1, log.head())
			batch = log.batch(first, min(first+5, log.head()))
		case "spoilt":
			batch.Records = batch.Records[rapid.IntRange(0, len(batch.Records)).Draw(rt, "missing"):]
		case "heartbeat":
			batch = contract.Batch{Last: last} // an earlier head
		case "restart":
			p = newProjector(store, log)
		}
		if err := p.Handle(ctx, batch); err != nil {
			rt.Fatalf("batch %d to %d: %v", batch.First, batch.Last, err)
		}
		check(rt, ctx, store, log, p.Position())
	}
	if err := p.Handle(ctx, log.heartbeat()); err != nil {
		rt.Fatalf("heartbeat: %v", err)
	}
	mustShow(rt, ctx, store, log, log.head())
}
