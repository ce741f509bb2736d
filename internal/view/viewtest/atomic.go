package viewtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"corebank/internal/contract"
	"corebank/internal/view"
)

// RunAtomic tests what a store with transactions promises beyond Run: changes are made whole or not at all,
// whatever stops them.
func RunAtomic(t *testing.T, open Open) { run(t, open, atomicCases) }

var atomicCases = cases{
	"a change that fails at its last line leaves nothing": func(h *harness) {
		h.open(ada, grace)
		h.pay(grace, 1)
		changes := h.paid(ada, 30)
		twice := h.want.lines(grace)[0] // the store has it already
		twice.Position = changes.To
		changes.States = []view.State{{Account: changes.Accounts[0].Account, Position: changes.To}}
		changes.References = []view.Reference{{Key: "trf_none",
			Record: contract.Record{Account: ada, Version: 2, Position: changes.To}}}
		changes.Transactions = append(changes.Transactions, twice)
		changes.Accounts = append(changes.Accounts, h.account(grace))
		h.refused("a line that the store has already", h.store.Apply(h.Context(), changes), nil)
		h.matches()
	},
	// Changes are cancelled ever later while they are made, until they have succeeded three times.
	"a change that is interrupted is whole or nothing": func(h *harness) {
		h.open(ada)
		for wait, whole := time.Duration(0), 0; whole < 3; wait += 100 * time.Microsecond {
			changes := h.paid(ada, 100)
			ctx, cancel := context.WithTimeout(h.Context(), wait)
			err := h.store.Apply(ctx, changes)
			cancel()
			position := must(h.store.Checkpoint(h.Context()))
			if position == changes.To { // whole, even where the answer got lost
				whole++
				h.applied(changes)
			} else if err == nil {
				h.Fatalf("apply succeeded and left the checkpoint at %d", position)
			}
			expect(h.T, "the checkpoint", position, nil, h.position())
			expect(h.T, "the document", must(h.store.Account(h.Context(), ada)), nil, h.account(ada))
			lines := len(walk(h.T, h.store, view.Page{First: view.MaxPage}))
			expect(h.T, "the number of lines", lines, nil, len(h.want.lines(ada)))
		}
	},
	"of two projectors one wins": func(h *harness) {
		h.open(ada)
		for range 20 {
			changes := h.paid(ada, 3)
			results := make([]error, 4)
			var projectors sync.WaitGroup
			for i := range results {
				projectors.Go(func() { results[i] = h.store.Apply(h.Context(), changes) })
			}
			projectors.Wait()
			succeeded := 0
			for _, err := range results {
				if err == nil {
					succeeded++
				} else if !errors.Is(err, view.ErrCheckpointMoved) {
					h.Errorf("apply: %v, want ErrCheckpointMoved", err)
				}
			}
			if succeeded != 1 {
				h.Fatalf("%d projectors applied the same changes, want 1", succeeded)
			}
			h.applied(changes)
		}
		h.matches()
	},
	// An account is replaced while a projector moves the checkpoint: both succeed, and neither undoes the other.
	"a replacement while a projector works is whole": func(h *harness) {
		h.open(ada, grace)
		h.pay(ada, 5)
		r := view.Replacement{Account: h.account(ada)}
		done := h.payMeanwhile(grace, 1, 30)
		for err := view.ErrCheckpointMoved; err != nil; {
			r.At = must(h.store.Checkpoint(h.Context()))
			if err = h.store.Replace(h.Context(), r); err != nil && !errors.Is(err, view.ErrCheckpointMoved) {
				h.Fatal(err)
			}
		}
		<-done
		r.At = h.position()
		if err := h.want.Replace(h.Context(), r); err != nil {
			h.Fatal(err)
		}
		h.matches()
	},
}
