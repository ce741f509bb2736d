package server

import (
	"context"
	"iter"
	"time"

	"corebank/graph"
	"corebank/internal/bank"
)

// Each is Follow for those who wait in a goroutine of their own. The sequence
// ends when ctx does or with an error.
func (f *Feed) Each(ctx context.Context, id bank.AccountID, after int64, beat time.Duration) iter.Seq2[graph.Told, error] {
	return func(yield func(graph.Told, error) bool) {
		news, more := make(chan struct{}, 1), true
		inbox, err := f.Follow(ctx, graph.Following{Account: id, After: after, Beat: beat,
			Past: func(told graph.Told) bool {
				more = yield(told, nil)
				return more
			},
			Wake: func() {
				select {
				case news <- struct{}{}:
				default:
				}
			}})
		if err != nil {
			if more && ctx.Err() == nil {
				yield(graph.Told{}, err)
			}
			return
		}
		defer inbox.Leave()
		for more {
			told, ok, err := inbox.Take()
			switch {
			case err != nil:
				yield(graph.Told{}, err)
				return
			case ok:
				more = yield(told, nil)
				continue
			}
			select {
			case <-news:
			case <-ctx.Done():
				return
			}
		}
	}
}
