package view

import (
	"context"
	"iter"
)

// Snapshots is a store that can be looked at as a whole, as an audit does.
type Snapshots interface {
	// Snapshot is the views as of now. It costs the store something until it
	// is closed: read it in one go.
	Snapshot(ctx context.Context) (Snapshot, error)
}

// Snapshot is the views at one checkpoint, whatever is written meanwhile. It
// serves one goroutine. Each sequence can be read once at a time, may be left
// early, and ends with its first error.
type Snapshot interface {
	// Checkpoint is the last position that the snapshot reflects; 0 for none.
	Checkpoint() int64
	// Trial is the trial balance at the checkpoint.
	Trial() Trial
	// Accounts are all documents, each once, in any order.
	Accounts(ctx context.Context) iter.Seq2[Account, error]
	// Transactions are all history lines: those of one account together,
	// oldest first. A line without its account's document is among them.
	Transactions(ctx context.Context) iter.Seq2[Transaction, error]
	// References are all records that are filed under something, and States all
	// states that are kept, in any order.
	References(ctx context.Context) iter.Seq2[Reference, error]
	States(ctx context.Context) iter.Seq2[State, error]
	// Close lets the snapshot go.
	Close(ctx context.Context) error
}
