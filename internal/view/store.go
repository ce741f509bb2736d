package view

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/bank"
)

var (
	// ErrNotFound says that there is no such document.
	ErrNotFound = errors.New("not found")
	// ErrCheckpointMoved says that the stored checkpoint is not the one that
	// the changes start from: somebody else projects, or this was applied
	// already. Nothing was written.
	ErrCheckpointMoved = errors.New("the checkpoint moved")
)

// Changes are the effect of the contiguous records From+1 to To of the log:
// documents to put and history lines to add. A line's account is among
// Accounts, for a line changes its account.
type Changes struct {
	From, To     int64
	Accounts     []Account
	Transactions []Transaction
}

// Check is nil when the changes move forward, every line lies within them and
// has its account's document with it. A store refuses all others.
func (c Changes) Check() error {
	if c.From < 0 || c.To <= c.From {
		return fmt.Errorf("changes from position %d to %d do not move forward", c.From, c.To)
	}
	changed := make(map[bank.AccountID]bool, len(c.Accounts))
	for _, account := range c.Accounts {
		changed[account.ID] = true
	}
	for _, line := range c.Transactions {
		if !changed[line.Account] {
			return fmt.Errorf("line %d of %s comes without its account", line.Version, line.Account)
		}
		if line.Position <= c.From || line.Position > c.To {
			return fmt.Errorf("line %d of %s at position %d is outside of the changes %d to %d",
				line.Version, line.Account, line.Position, c.From+1, c.To)
		}
	}
	return nil
}

// Reader answers queries.
type Reader interface {
	// Account is the document, or ErrNotFound.
	Account(ctx context.Context, id bank.AccountID) (Account, error)
	// Transaction is one history line, or ErrNotFound.
	Transaction(ctx context.Context, id bank.AccountID, version int64) (Transaction, error)
	// History is one page of an account's lines, or an error that wraps
	// ErrBadPage. An account that does not exist has none.
	History(ctx context.Context, id bank.AccountID, page Page) (Lines, error)
	// Checkpoint is the last position that the views reflect; 0 for none.
	Checkpoint(ctx context.Context) (int64, error)
}

// Store is a Reader that a projector writes to.
type Store interface {
	Reader
	// Accounts are those of the documents that exist.
	Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]Account, error)
	// Apply makes the changes and moves the checkpoint from From to To, all in
	// one transaction, or does nothing and returns an error.
	// ErrCheckpointMoved says that the checkpoint was not From.
	Apply(ctx context.Context, changes Changes) error
	// Replace puts one account's document and puts its lines in place of all
	// that it had, in one transaction that leaves the checkpoint as it is, or
	// does nothing and returns an error. ErrCheckpointMoved says that the
	// checkpoint is not At.
	Replace(ctx context.Context, r Replacement) error
	// Close releases the store.
	Close(ctx context.Context) error
}
