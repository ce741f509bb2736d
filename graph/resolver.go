package graph

import (
	"context"
	"iter"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

//go:generate go tool gqlgen generate

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
type Told struct {
	Position int64
	Line     *view.Transaction
}

// Feed streams what happens. Its sequences end when ctx does or with an error.
type Feed interface {
	// Follow streams history lines in log order, of one account or of all ("").
	// With after (0 or more) it begins with those after that position, and
	// otherwise (negative) with the next to happen. With beat (more than 0) there
	// is a heartbeat that often, once it is live.
	Follow(ctx context.Context, id bank.AccountID, after int64, beat time.Duration) iter.Seq2[Told, error]
	// Changes streams the versions that an account reaches: 0 as soon as it
	// would notice, and then the newest whenever there is a newer one.
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
	Commands Commands
	Views    view.Reader
	Feed     Feed
	Log      Log
	// Hidden takes an error that clients must not see and returns the id under
	// which it was logged.
	Hidden func(ctx context.Context, err error) (id string)
}
