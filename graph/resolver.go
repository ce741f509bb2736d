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

// Commands carries commands to their account and returns what became of them.
// An error means that the answer is not known.
type Commands interface {
	// Execute carries one; it may travel together with others.
	Execute(ctx context.Context, id bank.AccountID, command contract.Command) (contract.Outcome, error)
	// ExecuteBatch carries a batch as it is and returns one outcome for each of
	// its commands.
	ExecuteBatch(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) ([]contract.Outcome, error)
}

// Told is what a feed says: a line, or without one, as a heartbeat, that all
// lines up to a position have been told.
type FeedItem struct {
	Position    int64
	Transaction *view.Transaction
	// Shared is what others are told of the same line; nil where nobody else is.
	Encoding *EncodeOnce
}

// Following is what somebody wants to follow.
type SubscriptionRequest struct {
	// Account is whose lines they want; "" for all.
	Account bank.AccountID
	// After, where it is 0 or more, is the position after which they begin; they
	// begin with the next to happen where it is negative.
	After int64
	// Beat, where it is more than 0, is how often there is a heartbeat.
	Heartbeat time.Duration
	// Past takes the lines of the past, one after the other, until it returns
	// false.
	Backfill func(FeedItem) bool
	// Wake is called whenever something begins to wait in the inbox. It must not
	// wait, nor call the feed.
	Notify func()
}

// Inbox is where lines wait for somebody who follows a feed. A bounded number
// does: who is slower is let go.
type Subscription interface {
	// Take takes what has waited longest; it is not ok when nothing waits. With
	// an error, there is nothing more to come.
	Take() (told FeedItem, ok bool, err error)
	// Leave ends it.
	Leave()
}

// Feed streams what happens.
type SubscriptionHub interface {
	// Follow streams history lines in log order, without gap or repeat: first
	// those of the past to its Past, and when that is told, in the inbox. Whoever
	// gets an inbox has to leave it. An error is why there is none, be it that ctx
	// or Past has ended it.
	Subscribe(ctx context.Context, f SubscriptionRequest) (Subscription, error)
	// Changes streams the versions that an account reaches: 0 as soon as it
	// would notice, and then the newest whenever there is a newer one. The sequence
	// ends when ctx does or with an error.
	Changes(ctx context.Context, id bank.AccountID) iter.Seq2[int64, error]
}

// Log is the event log: how far it is, and what it says.
type Log interface {
	Status(ctx context.Context) (contract.LogStatus, error)
	ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error)
	ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error)
	FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error)
}

// Resolver answers the API's fields to the principal of the context: see
// package identity, and rights.go for what it may see.
type Resolver struct {
	Commands      Commands
	Views         view.Reader
	Subscriptions SubscriptionHub
	Log           Log
	// Hidden takes an error that clients must not see and returns the id under
	// which it was logged.
	Hidden func(ctx context.Context, err error) (id string)
}
