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

// SubscriptionSource is where a subscription to transactions gets its events.
// No goroutine runs for it: the transport subscribes, and has the executor
// answer one event after the other, with Put before each.
type SubscriptionSource struct {
	resolver  *Resolver
	id        bank.AccountID
	after     int64
	heartbeat time.Duration
	put       func(FeedItem)
}

// Subscribe gives the earlier items to backfill, one by one, until that returns
// false. Then it returns the subscription with the new ones: see
// SubscriptionHub.
func (s *SubscriptionSource) Subscribe(ctx context.Context, backfill func(FeedItem) bool,
	notify func()) (Subscription, error) {
	return s.resolver.Subscriptions.Subscribe(ctx, SubscriptionRequest{Account: s.id, After: s.after,
		Heartbeat: s.heartbeat, Backfill: backfill, Notify: notify})
}

// Put makes item the event of the executor's next answer, which has to be
// requested before the next Put.
func (s *SubscriptionSource) Put(item FeedItem) { s.put(item) }

// Present is an error that ends the subscription, as the client may see it.
func (s *SubscriptionSource) Present(ctx context.Context, err error) *gqlerror.Error {
	return Present(ctx, err, s.resolver.Hidden)
}

// fromSource leaves it to the transport to subscribe; event makes an event of
// each item.
func fromSource[T any](ctx context.Context, s *SubscriptionSource, event func(FeedItem) *T) (<-chan *T, error) {
	events := make(chan *T, 1)
	s.put = func(item FeedItem) { events <- event(item) }
	if !setSource(ctx, s) {
		return nil, errors.New("this transport does not serve subscriptions")
	}
	return events, nil
}

// transactions are an account's transactions, or those of all accounts.
func (r *Resolver) transactions(ctx context.Context, id bank.AccountID,
	after int64) (<-chan *model.TransactionEvent, error) {
	source := &SubscriptionSource{resolver: r, id: id, after: after}
	return fromSource(ctx, source, func(item FeedItem) *model.TransactionEvent {
		return &model.TransactionEvent{Cursor: cursor(cursorPosition, item.Position),
			Transaction: transactionOf(*item.Transaction)}
	})
}

// transactionFeed is transactions with heartbeats.
func (r *Resolver) transactionFeed(ctx context.Context, id bank.AccountID, after int64,
	seconds int64) (<-chan *model.TransactionFeedEvent, error) {
	heartbeat, err := readHeartbeat(seconds)
	if err != nil {
		return nil, err
	}
	source := &SubscriptionSource{resolver: r, id: id, after: after, heartbeat: heartbeat}
	return fromSource(ctx, source, func(item FeedItem) *model.TransactionFeedEvent {
		event := &model.TransactionFeedEvent{Cursor: cursor(cursorPosition, item.Position),
			Position: strconv.FormatInt(item.Position, 10)}
		if item.Transaction != nil {
			event.Transaction = transactionOf(*item.Transaction)
		}
		return event
	})
}
