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

// nearHead asks a backfill to read as far as the log goes now.
const nearHead = -1

// errEnough says that a subscriber wants no more of its past.
var errEnough = errors.New("the subscriber wants no more")

// backfill reads a subscriber's past from the log.
type backfill struct {
	hub   *SubscriptionHub
	id    bank.AccountID // "" for all accounts
	after int64          // the last position that was looked at
	yield func(view.Transaction) bool

	version int64 // the last version looked at, of one account
}

// read yields the lines after b.after up to the position head.
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
			// Asked of an event source that has lost the log and does not know it.
			return fmt.Errorf("the log ends at %d before %d, which was published", b.after, head)
		}
		if len(records) == 0 {
			return nil
		}
		for _, r := range records {
			if head != nearHead && r.Position > head {
				return nil // the live feed has it
			}
			if err := b.one(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// page reads on: along the account's own stream, or along the whole log.
func (b *backfill) page(ctx context.Context) ([]contract.Record, error) {
	if b.id == "" {
		page, err := b.hub.log.ReadAll(ctx, contract.ReadAllRequest{AfterPosition: b.after})
		return page.Records, err
	}
	page, err := b.hub.log.ReadStream(ctx, contract.ReadStreamRequest{Account: b.id, AfterVersion: b.version})
	return page.Records, err
}

// one yields a record's line unless it lies before the cursor or has none. One
// that cannot be read ends the subscription of its account, and no other.
func (b *backfill) one(r contract.Record) error {
	b.version = r.Version
	if r.Position <= b.after {
		return nil
	}
	b.after = r.Position
	event, err := r.Event()
	if err != nil && b.id == "" {
		slog.Error("a record cannot be read and is left out of a subscription", "account", r.Account, "position", r.Position, "error", err)
		return nil
	}
	if err != nil {
		return unreadable(r)
	}
	if line := view.TransactionOf(r, event); line != nil && !b.yield(*line) {
		return errEnough
	}
	return nil
}
