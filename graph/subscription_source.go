package graph

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph/model"
	"corebank/internal/bank"
)

// Source is where a subscription to transactions has its events from. Nothing
// runs for it: whoever serves the subscription follows it, and has the executor
// answer for one event after the other, with Put before each.
type SubscriptionSource struct {
	resolver  *Resolver
	id        bank.AccountID
	after     int64
	heartbeat time.Duration
	put       func(FeedItem)
}

// Follow gives the past to past, line by line, until that returns false. Then
// it returns where the rest waits as it happens: see Feed.
func (s *SubscriptionSource) Subscribe(ctx context.Context, past func(FeedItem) bool, wake func()) (Subscription, error) {
	return s.resolver.Subscriptions.Subscribe(ctx, SubscriptionRequest{Account: s.id, After: s.after, Heartbeat: s.heartbeat, Backfill: past, Notify: wake})
}

// Put makes what was told the event of the executor's next answer, which has to
// be asked for before the next is put.
func (s *SubscriptionSource) Put(item FeedItem) { s.put(item) }

// Present is an error that ends the subscription, as the client may see it.
func (s *SubscriptionSource) Present(ctx context.Context, err error) *gqlerror.Error {
	return Present(ctx, err, s.resolver.Hidden)
}

// sourced leaves it to the transport to follow a feed, each event of which event
// makes.
func fromSource[T any](ctx context.Context, s *SubscriptionSource, event func(FeedItem) *T) (<-chan *T, error) {
	events := make(chan *T, 1)
	s.put = func(item FeedItem) { events <- event(item) }
	if !setSource(ctx, s) {
		return nil, errors.New("a subscription was dispatched by what cannot serve it")
	}
	return events, nil
}

// transactions is an account's transactions, or everybody's.
func (r *Resolver) transactions(ctx context.Context, id bank.AccountID, after int64) (<-chan *model.TransactionEvent, error) {
	return fromSource(ctx, &SubscriptionSource{resolver: r, id: id, after: after}, func(item FeedItem) *model.TransactionEvent {
		return &model.TransactionEvent{Cursor: cursor(cursorPosition, item.Position), Transaction: transactionOf(*item.Transaction)}
	})
}

// transactionFeed is transactions with heartbeats.
func (r *Resolver) transactionFeed(ctx context.Context, id bank.AccountID, after int64, seconds int64) (<-chan *model.TransactionFeedEvent, error) {
	beat, err := readHeartbeat(seconds)
	if err != nil {
		return nil, err
	}
	return fromSource(ctx, &SubscriptionSource{resolver: r, id: id, after: after, heartbeat: beat}, func(item FeedItem) *model.TransactionFeedEvent {
		event := &model.TransactionFeedEvent{Cursor: cursor(cursorPosition, item.Position), Position: strconv.FormatInt(item.Position, 10)}
		if item.Transaction != nil {
			event.Transaction = transactionOf(*item.Transaction)
		}
		return event
	})
}
