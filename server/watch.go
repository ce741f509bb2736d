package server

import (
	"context"
	"iter"

	"corebank/graph"
	"corebank/internal/bank"
)

// watch waits for an account to change. It holds only the newest version: a
// slow watcher misses intermediate versions, but never the newest.
type watch struct {
	newest chan int64
	ended  chan struct{} // closed when the log turned out to be another one
}

// notifyWatches gives a new version to the watches of an account. h.mu is held.
func (h *SubscriptionHub) notifyWatches(id bank.AccountID, version int64) {
	for w := range h.watches[id] {
		select {
		case <-w.newest:
		default:
		}
		w.newest <- version // never blocks: the channel has room, and only this function sends, with h.mu held
	}
}

// Changes implements graph.SubscriptionHub.
func (h *SubscriptionHub) Changes(ctx context.Context, id bank.AccountID) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		if h.waitForStart(ctx) != nil {
			return
		}
		w := &watch{newest: make(chan int64, 1), ended: make(chan struct{})}
		if _, err := register(h, h.watches, id, w); err != nil {
			yield(0, err)
			return
		}
		defer h.unwatch(id, w)
		if !yield(0, nil) {
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.ended:
				yield(0, &graph.Fault{Code: graph.CodeUnavailable, Retryable: true,
					Message: "An earlier copy of the log was restored. Subscribe again."})
				return
			case version := <-w.newest:
				if !yield(version, nil) {
					return
				}
			}
		}
	}
}

func (h *SubscriptionHub) unwatch(id bank.AccountID, w *watch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	unregister(h, h.watches, id, w)
}
