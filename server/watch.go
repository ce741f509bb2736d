package server

import (
	"context"
	"iter"

	"corebank/internal/bank"
)

// watch waits for an account to change. It holds the newest version only: who
// is slow misses what is past, and nothing that is.
type watch struct{ newest chan int64 }

// changed tells those who watch an account. f.mu is held.
func (f *SubscriptionHub) changed(id bank.AccountID, version int64) {
	for one := range f.watches[id] {
		select {
		case <-one.newest:
		default:
		}
		one.newest <- version // it has room: only we send, and f.mu is held
	}
}

// Changes implements graph.Feed.
func (f *SubscriptionHub) Changes(ctx context.Context, id bank.AccountID) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		if f.waitForStart(ctx) != nil {
			return
		}
		one := &watch{newest: make(chan int64, 1)}
		if _, err := join(f, f.watches, id, one); err != nil {
			yield(0, err)
			return
		}
		defer f.unwatch(id, one)
		if !yield(0, nil) {
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case version := <-one.newest:
				if !yield(version, nil) {
					return
				}
			}
		}
	}
}

func (f *SubscriptionHub) unwatch(id bank.AccountID, one *watch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	drop(f, f.watches, id, one)
}
