package projector_test

import (
	"context"
	"log/slog"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/projector"
)

// watched are views that tell every position that they reach.
type watched struct {
	view.Store
	reached []int64
}

func (w *watched) Apply(ctx context.Context, changes view.Changes) error {
	w.reached = append(w.reached, changes.To)
	return w.Store.Apply(ctx, changes)
}

// pairs makes appends to two accounts of all records after the first.
func (l *ledger) pairs() {
	for i := 1; i+1 < len(l.records); i += 2 {
		l.records[i].More = 1
	}
}

// however the views get their records, they never show half of an append to several accounts.
func (w *watched) check(t *testing.T, l *ledger) {
	t.Helper()
	for _, position := range w.reached {
		if l.records[position-1].More > 0 {
			t.Errorf("the views reached position %d, inside an append", position)
		}
	}
	if last := w.reached[len(w.reached)-1]; last != l.head() {
		t.Errorf("the views reached position %d of %d", last, l.head())
	}
}

// There are more records than one transaction of the views has.
func TestARebuildShowsNoAppendInPart(t *testing.T) {
	l := newLedger()
	l.open(t, 20)
	l.pay(t, 33_001)
	l.pairs()
	w := &watched{Store: memory.New()}
	if err := projector.New(w, l, slog.New(slog.DiscardHandler)).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.check(t, l)
	if len(w.reached) < 2 {
		t.Errorf("all records are in %d transactions", len(w.reached))
	}
}

// Messages end anywhere, as those of another relay may.
func TestTheViewsShowNoAppendInPart(t *testing.T) {
	for size := int64(1); size <= 7; size++ {
		l := newLedger()
		l.open(t, 3)
		l.pay(t, 20)
		l.pairs()
		w := &watched{Store: memory.New()}
		p := projector.New(w, l, slog.New(slog.DiscardHandler))
		for _, batch := range append(l.batches(size), l.heartbeat()) {
			if err := p.Handle(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			if head := p.Position(); head < int64(len(contract.Whole(l.records[:batch.Last]))) {
				t.Errorf("messages of %d: the views are at %d after the one up to %d", size, head, batch.Last)
			}
		}
		w.check(t, l)
	}
}
