package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
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
	From, To int64
	// Log is the id of the log, and Mark that of the record at To, as far as they
	// are known.
	Log          string
	Mark         contract.Mark
	Accounts     []Account
	Transactions []Transaction
	References   []Reference
	// States are kept for looking back, in addition to the documents. A line, a
	// reference or a state that is there already is an error.
	States []State
	// Trial is the trial balance at To. Kept are those on the way that are
	// kept for looking back.
	Trial      Trial
	PastTrials []Trial
}

// Check is nil when the changes move forward, everything lies within them and
// has its account's document with it. A store refuses all others.
func (c Changes) Check() error {
	if c.From < 0 || c.To <= c.From {
		return fmt.Errorf("changes from position %d to %d do not move forward", c.From, c.To)
	}
	if c.Trial.Position != c.To {
		return fmt.Errorf("changes to %d come with the trial balance at %d", c.To, c.Trial.Position)
	}
	changed := make(map[bank.AccountID]bool, len(c.Accounts))
	for _, account := range c.Accounts {
		changed[account.ID] = true
	}
	belongs := func(what string, number int64, id bank.AccountID, position int64) error {
		if !changed[id] {
			return fmt.Errorf("%s %d of %s comes without its account", what, number, id)
		}
		return c.within(fmt.Sprintf("%s %d of %s", what, number, id), position)
	}
	for _, line := range c.Transactions {
		if !changed[line.Account] || line.Position <= c.From || line.Position > c.To {
			return belongs("line", line.Version, line.Account, line.Position)
		}
	}
	for _, reference := range c.References {
		record := reference.Record
		if err := belongs("reference of version", record.Version, record.Account, record.Position); err != nil {
			return err
		}
	}
	for _, state := range c.States {
		if err := belongs("state", state.Account.Version, state.Account.ID, state.Position); err != nil {
			return err
		}
	}
	for _, trial := range c.PastTrials {
		if err := c.within("a past trial balance", trial.Position); err != nil {
			return err
		}
	}
	return nil
}

func (c Changes) within(what string, position int64) error {
	if position <= c.From || position > c.To {
		return fmt.Errorf("%s at position %d is outside of the changes %d to %d", what, position, c.From+1, c.To)
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
	// Sums adds up what a page of the account's lines goes through, its bounds
	// and size aside. It looks at each of them: a filter that takes longer than
	// ScanTime fails with ErrFarScan, like one of History.
	Sums(ctx context.Context, id bank.AccountID, filter Filter) (Sums, error)
	// AccountByExternalID is the document, or ErrNotFound.
	AccountByExternalID(ctx context.Context, externalID string) (Account, error)
	// ListAccounts is a page of accounts, and whether there are more after it.
	ListAccounts(ctx context.Context, page Accounts) (accounts []Account, more bool, err error)
	// References are the records that are filed under a key, by position, MaxReferences at
	// most.
	References(ctx context.Context, key string) ([]contract.Record, error)
	// StateBefore is the newest kept state of the account that is not after
	// version and, unless t is zero, not changed after t. It is the zero State
	// where none is kept.
	StateBefore(ctx context.Context, id bank.AccountID, version int64, t time.Time) (State, error)
	// Trial is the trial balance at the checkpoint. TrialBefore is the newest
	// kept one that is not after position and, unless t is zero, does not
	// reflect anything after t; the zero Trial where none is kept.
	Trial(ctx context.Context) (Trial, error)
	TrialBefore(ctx context.Context, position int64, t time.Time) (Trial, error)
	// Checkpoint is the last position that the views reflect; 0 for none.
	Checkpoint(ctx context.Context) (int64, error)
	// LogCheckpoint is the checkpoint with the log and the mark of the record there,
	// as they came with the changes that moved it there.
	LogCheckpoint(ctx context.Context) (contract.Checkpoint, error)
}

// LogCheckpoint is the checkpoint that changes move a store to.
func (c Changes) LogCheckpoint() contract.Checkpoint {
	return contract.Checkpoint{Log: c.Log, Position: c.To, Mark: c.Mark}
}

// ReadLogCheckpoint is the checkpoint at a position that a store kept as JSON. A
// text of another position is of an earlier build, which moved the position alone.
func ReadLogCheckpoint(position int64, text string) (contract.Checkpoint, error) {
	at := contract.Checkpoint{Position: position}
	if text == "" {
		return at, nil
	}
	var stored contract.Checkpoint
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return at, fmt.Errorf("the checkpoint's log and mark are damaged: %w", err)
	}
	if stored.Position != position {
		return at, nil
	}
	return stored, nil
}

// Sums are the number of lines and what they moved, in minor units.
type Sums struct {
	Count           int64
	Credits, Debits *big.Int
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
	// Replace puts one account's document, and puts its lines, references and states
	// in place of all that it had, in one transaction that leaves the checkpoint
	// as it is, or does nothing and returns an error. Trial balances, past
	// ones too, get what was missing; only a stale document is replaced, because
	// otherwise they would get it twice. ErrCheckpointMoved
	// says that the checkpoint is not At, or the document not stale any more.
	Replace(ctx context.Context, r Replacement) error
	// Close releases the store.
	Close(ctx context.Context) error
}
