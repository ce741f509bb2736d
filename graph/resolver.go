package graph

import (
	"context"
	"iter"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

//go:generate go tool gqlgen generate

// Commands carries a command to its account and returns what became of it. An
// error means that the answer is not known.
type Commands interface {
	Execute(ctx context.Context, id bank.AccountID, command contract.Command) (contract.Outcome, error)
}

// Feed streams history lines in log order, of one account or of all (""). With
// after (0 or more) it begins with those after that position, and otherwise
// (negative) with the next to happen. The sequence ends when ctx does or with
// an error.
type Feed interface {
	Transactions(ctx context.Context, id bank.AccountID, after int64) iter.Seq2[view.Transaction, error]
}

// Log tells how far the event log is.
type Log interface {
	Status(ctx context.Context) (contract.LogStatus, error)
}

// Resolver answers the API's fields.
type Resolver struct {
	Commands Commands
	Views    view.Reader
	Feed     Feed
	Log      Log
	// Caller names who asks; idempotency keys for opening accounts are unique
	// within it.
	Caller func(ctx context.Context) string
	// Hidden takes an error that clients must not see and returns the id under
	// which it was logged.
	Hidden func(ctx context.Context, err error) (id string)
}
