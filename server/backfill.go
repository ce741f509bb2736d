package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// nearHead makes a backfill read up to the current end of the log.
const nearHead = -1

// errStopped says that the subscriber wants no more transactions.
var errStopped = errors.New("the subscriber wants no more transactions")

// backfill reads a subscriber's earlier transactions from the log.
type backfill struct {
	hub   *SubscriptionHub
	id    bank.AccountID // "" for all accounts
	after int64          // the last position that was read
	yield func(view.Transaction) bool

	version int64 // the last version that was read, of one account
}

// read yields the transactions after b.after up to the position head.
func (b *backfill) read(ctx context.Context, head int64) error {
	select {
	case b.hub.backfills <- struct{}{}:
		defer func() { <-b.hub.backfills }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for head == nearHead || b.after < head {
		records, err := b.page(ctx)
		if err != nil {
			return fmt.Errorf("read the log for a subscriber: %w", err)
		}
		if len(records) == 0 && b.id == "" && b.after < head {
			// An event source that lost its log without noticing answers like this.
			return fmt.Errorf("the log ends at %d before %d, which was published", b.after, head)
		}
		if len(records) == 0 {
			return nil
		}
		for _, r := range records {
			if head != nearHead && r.Position > head {
				return nil // the live subscription delivers it
			}
			if err := b.record(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// page reads the next records of the account's stream, or of the whole log.
func (b *backfill) page(ctx context.Context) ([]contract.Record, error) {
	if b.id == "" {
		page, err := b.hub.log.ReadAll(ctx, contract.ReadAllRequest{AfterPosition: b.after})
		return page.Records, err
	}
	page, err := b.hub.log.ReadStream(ctx, contract.ReadStreamRequest{Account: b.id, AfterVersion: b.version})
	return page.Records, err
}

// record yields a record's transaction, if it has one and lies after the
// cursor. A record that cannot be read ends a subscription of its account, and
// is skipped by a subscription of all accounts.
func (b *backfill) record(r contract.Record) error {
	b.version = r.Version
	if r.Position <= b.after {
		return nil
	}
	b.after = r.Position
	event, err := r.Event()
	if err != nil && b.id == "" {
		slog.Error("a record cannot be read; a subscription skips it",
			"account", r.Account, "position", r.Position, "error", err)
		return nil
	}
	if err != nil {
		return unreadable(r)
	}
	if line := view.TransactionOf(r, event); line != nil && !b.yield(*line) {
		return errStopped
	}
	return nil
}
