package graph

import (
	"context"
	"iter"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

//go:generate go -C .. run ./graph/generate

// Commands sends commands to their accounts and returns the outcomes. An error
// means that the outcome is not known.
type Commands interface {
	// Execute sends one command; it may share a call with others.
	Execute(ctx context.Context, id bank.AccountID, command contract.Command) (contract.Outcome, error)
	// ExecuteBatch sends commands that are executed in their order, and returns one
	// outcome for each.
	ExecuteBatch(ctx context.Context, batch contract.ClearingBatch) ([]contract.Outcome, error)
}

// FeedItem is what a subscription delivers: a transaction or, without one, a
// heartbeat, which says that all transactions up to a position were delivered.
type FeedItem struct {
	Position int64
	// Version is, in the feed of one account, up to which version of it everything
	// was delivered.
	Version int64
	// Mark is that of the record at the position or, in the feed of one account, of
	// the version; zero if it is not known.
	Mark        CursorMark
	Transaction *view.Transaction
	// Encoding is shared by all subscriptions that receive the same transaction;
	// nil for an item of one subscription only.
	Encoding *EncodeOnce
}

// SubscriptionRequest is what a subscriber wants to receive.
type SubscriptionRequest struct {
	// Account is whose transactions it wants; "" for all accounts.
	Account bank.AccountID
	// After is where to begin; nil for the next transaction.
	After *FeedCursor
	// Version is, of one account and without After, the version that the subscriber
	// may know already.
	Version int64
	// Private is set if the subscriber may not learn how far the log is.
	Private bool
	// Heartbeat, if it is more than 0, is the time between heartbeats.
	Heartbeat time.Duration
	// Backfill receives the earlier transactions, one after the other, until it
	// returns false.
	Backfill func(FeedItem) bool
	// Notify is called whenever the first item starts to wait in the
	// subscription. It must not block or call the hub.
	Notify func()
}

// Subscription holds a bounded number of items for one subscriber. A
// subscriber that falls further behind is disconnected.
type Subscription interface {
	// Take removes the item that has waited longest; ok is false when none waits.
	// After an error, there are no more items.
	Take() (item FeedItem, ok bool, err error)
	// Leave ends the subscription.
	Leave()
}

// SubscriptionHub distributes what happens to subscribers.
type SubscriptionHub interface {
	// Subscribe delivers transactions in log order, without gap or repeat: first
	// the earlier ones to Backfill, then the new ones through the subscription,
	// which the caller has to leave. An error is why there is no subscription,
	// including that ctx or Backfill ended it.
	Subscribe(ctx context.Context, request SubscriptionRequest) (Subscription, error)
	// Changes yields the versions that an account reaches: 0 as soon as it would
	// notice a change, and then the newest version whenever there is a newer one.
	// The sequence ends when ctx does or with an error.
	Changes(ctx context.Context, id bank.AccountID) iter.Seq2[int64, error]
}

// Log is the event log: its status and its records.
type Log interface {
	Status(ctx context.Context) (contract.LogStatus, error)
	ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error)
	ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error)
	FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error)
}

// Resolver resolves the API's fields for the principal of the context: see
// package identity, and rights.go for what a principal may see.
type Resolver struct {
	Commands      Commands
	Views         view.Reader
	Subscriptions SubscriptionHub
	Log           Log
	// Hidden takes an error that clients must not see and returns the id under
	// which it was logged.
	Hidden func(ctx context.Context, err error) (id string)
	// Decided, if set, learns what became of each command of a mutation, but for dry runs.
	Decided func(ctx context.Context, outcome contract.Outcome)
}
