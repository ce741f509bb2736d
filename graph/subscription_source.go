package graph

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// SubscriptionSource is where a subscription to transactions gets its events.
// No goroutine runs for it: the transport subscribes, and has the executor
// answer one event after the other, with Put before each.
type SubscriptionSource struct {
	resolver  *Resolver
	id        bank.AccountID
	after     *FeedCursor
	version   int64 // see SubscriptionRequest
	private   bool
	heartbeat time.Duration
	put       func(FeedItem)
}

// Subscribe gives the earlier items to backfill, one by one, until that returns
// false. Then it returns the subscription with the new ones: see
// SubscriptionHub.
func (s *SubscriptionSource) Subscribe(ctx context.Context, backfill func(FeedItem) bool,
	notify func()) (Subscription, error) {
	return s.resolver.Subscriptions.Subscribe(ctx, SubscriptionRequest{Account: s.id, After: s.after,
		Version: s.version, Private: s.private, Heartbeat: s.heartbeat, Backfill: backfill, Notify: notify})
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

// source is where a subscription to an account, or to all, gets its events. In the
// feed of one account, cursors count its versions: they say nothing of others.
func (r *Resolver) source(ctx context.Context, id bank.AccountID, after *FeedCursor) (*SubscriptionSource, error) {
	s := &SubscriptionSource{resolver: r, id: id, after: after, private: !identity.From(ctx).SeesAll()}
	if after != nil && after.ByVersion && id == "" {
		return nil, badInput("The cursor is of one account; name it in accountId.")
	}
	if after != nil || id == "" {
		return s, nil
	}
	a, err := r.Views.Account(ctx, id)
	if err != nil && !errors.Is(err, view.ErrNotFound) {
		return nil, fmt.Errorf("view of account %s: %w", id, err)
	}
	s.version = a.Version
	return s, nil
}

// transactions are an account's transactions, or those of all accounts.
func (r *Resolver) transactions(ctx context.Context, id bank.AccountID,
	after *FeedCursor) (<-chan *model.TransactionEvent, error) {
	source, err := r.source(ctx, id, after)
	if err != nil {
		return nil, err
	}
	return fromSource(ctx, source, func(item FeedItem) *model.TransactionEvent {
		return &model.TransactionEvent{Cursor: cursorOf(item, id != ""), Transaction: transactionOf(*item.Transaction)}
	})
}

// transactionFeed is transactions with heartbeats.
func (r *Resolver) transactionFeed(ctx context.Context, id bank.AccountID, after *FeedCursor,
	seconds int64) (<-chan *model.TransactionFeedEvent, error) {
	heartbeat, err := readHeartbeat(seconds)
	if err != nil {
		return nil, err
	}
	source, err := r.source(ctx, id, after)
	if err != nil {
		return nil, err
	}
	source.heartbeat = heartbeat
	return fromSource(ctx, source, func(item FeedItem) *model.TransactionFeedEvent {
		event := &model.TransactionFeedEvent{Cursor: cursorOf(item, id != ""),
			Position: positionFor(source.private, item.Position, item.Version)}
		if item.Transaction != nil {
			event.Transaction = transactionOf(*item.Transaction)
		}
		return event
	})
}

// positionFor is a position of the log for those who may know how far that is, and
// for others the version of their account.
func positionFor(private bool, position, version int64) string {
	if private {
		position = version
	}
	return strconv.FormatInt(position, 10)
}
