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
func (f *SubscriptionHub) Each(ctx context.Context, id bank.AccountID, after int64, beat time.Duration) iter.Seq2[graph.FeedItem, error] {
	return func(yield func(graph.FeedItem, error) bool) {
		news, more := make(chan struct{}, 1), true
		inbox, err := f.Subscribe(ctx, graph.SubscriptionRequest{Account: id, After: after, Heartbeat: beat,
			Backfill: func(told graph.FeedItem) bool {
				more = yield(told, nil)
				return more
			},
			Notify: func() {
				select {
				case news <- struct{}{}:
				default:
				}
			}})
		if err != nil {
			if more && ctx.Err() == nil {
				yield(graph.FeedItem{}, err)
			}
			return
		}
		defer inbox.Leave()
		for more {
			told, ok, err := inbox.Take()
			switch {
			case err != nil:
				yield(graph.FeedItem{}, err)
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
