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

// RunAtomic tests what a store with transactions promises beyond Run: changes
// are made whole or not at all, whatever stops them.
func RunAtomic(t *testing.T, open Open) {
	run(t, open, map[string]func(*testing.T, *harness){
		"a change that fails at its last line leaves nothing": failsAtLastLine,
		"a change that is interrupted is whole or nothing":    interrupted,
		"of two projectors one wins":                          twoProjectors,
		"a replacement while a projector works is whole":      replacedMeanwhile,
	})
}

func failsAtLastLine(t *testing.T, h *harness) {
	h.open(ada, grace)
	h.pay(grace, 1)
	changes := h.paid(ada, 30)
	twice := h.lines[grace][0] // the store has it already
	twice.Position = changes.To
	changes.States = []view.State{{Account: changes.Accounts[0].Account, Position: changes.To}}
	changes.References = []view.Reference{{Key: "trf_none",
		Record: contract.Record{Account: ada, Version: 2, Position: changes.To}}}
	changes.Transactions = append(changes.Transactions, twice)
	changes.Accounts = append(changes.Accounts, h.accounts[grace])
	h.refused("a line that the store has already", h.store.Apply(t.Context(), changes), nil)
	h.matches()
}

// interrupted cancels changes ever later while they are made, until they have
// succeeded three times.
func interrupted(t *testing.T, h *harness) {
	h.open(ada)
	for wait, whole := time.Duration(0), 0; whole < 3; wait += 100 * time.Microsecond {
		changes := h.paid(ada, 100)
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		err := h.store.Apply(ctx, changes)
		cancel()
		position, readErr := h.store.Checkpoint(t.Context())
		switch {
		case readErr != nil:
			t.Fatal(readErr)
		case position == changes.To: // whole, even where the answer got lost
			whole++
			h.model.apply(changes)
		case err == nil:
			t.Fatalf("apply succeeded and left the checkpoint at %d", position)
		}
		account, err := h.store.Account(t.Context(), ada)
		expect(t, "account", account, err, h.accounts[ada])
		if got := len(walk(t, h.store, view.Page{First: view.MaxPage})); position != h.position || got != len(h.lines[ada]) {
			t.Fatalf("checkpoint %d, %d lines, want %d, %d", position, got, h.position, len(h.lines[ada]))
		}
	}
}

func twoProjectors(t *testing.T, h *harness) {
	h.open(ada)
	for range 20 {
		changes := h.paid(ada, 3)
		results := make([]error, 4)
		var projectors sync.WaitGroup
		for i := range results {
			projectors.Go(func() { results[i] = h.store.Apply(t.Context(), changes) })
		}
		projectors.Wait()
		succeeded := 0
		for _, err := range results {
			if err == nil {
				succeeded++
			} else if !errors.Is(err, view.ErrCheckpointMoved) {
				t.Errorf("apply: %v, want ErrCheckpointMoved", err)
			}
		}
		if succeeded != 1 {
			t.Fatalf("%d projectors applied the same changes, want 1", succeeded)
		}
		h.model.apply(changes)
	}
	h.matches()
}
