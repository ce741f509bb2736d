package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
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
	yield func(graph.FeedItem) bool

	version int64            // the last version that was read, of one account
	mark    graph.CursorMark // of the last record that was read
	last    int64            // the position of the last record that was read
	reach   int64            // a position that the account must reach for the cursor to be valid
}

// begin makes sure that the log has what a cursor names. Private is set if nothing
// but the account may decide on that.
func (b *backfill) begin(ctx context.Context, from graph.FeedCursor, private bool) error {
	b.mark = from.Mark
	switch {
	case from.Number == 0:
		return nil
	case from.ByVersion:
		return b.beginAfterVersion(ctx, from)
	}
	b.after = from.Number
	if private {
		b.reach = from.Number
		return nil
	}
	page, err := logclient.Verify(ctx, b.hub.log, contract.Checkpoint{Position: from.Number})
	if errors.Is(err, logclient.ErrOtherLog) || err == nil && !from.Mark.Fits(&page.Records[0]) {
		return graph.InvalidCursor()
	}
	return err
}

func (b *backfill) beginAfterVersion(ctx context.Context, from graph.FeedCursor) error {
	page, err := b.hub.log.ReadStream(ctx,
		contract.ReadStreamRequest{Account: b.id, AfterVersion: from.Number - 1, Limit: 1})
	if err != nil {
		return fmt.Errorf("read the log for a subscriber: %w", err)
	}
	if len(page.Records) == 0 || page.Records[0].Version != from.Number || !from.Mark.Fits(&page.Records[0]) {
		return graph.InvalidCursor()
	}
	b.version, b.after = from.Number, page.Records[0].Position
	return nil
}

// checkReached is an InvalidCursor if the account ends before a cursor that only the
// account may judge.
func (b *backfill) checkReached() error {
	if b.reach > 0 && b.last < b.reach {
		return graph.InvalidCursor()
	}
	return nil
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
		for i := range records {
			if head != nearHead && records[i].Position > head {
				return nil // the live subscription delivers it
			}
			if err := b.record(&records[i]); err != nil {
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
func (b *backfill) record(r *contract.Record) error {
	b.version, b.last = r.Version, r.Position
	if b.id != "" {
		b.mark = graph.CursorMarkOf(r)
	}
	if r.Position <= b.after {
		return nil
	}
	b.after, b.mark = r.Position, graph.CursorMarkOf(r)
	event, err := r.Event()
	if err != nil && b.id == "" {
		slog.Error("a record cannot be read; a subscription skips it",
			"account", r.Account, "position", r.Position, "error", err)
		return nil
	}
	if err != nil {
		return unreadable(*r)
	}
	line := view.TransactionOf(*r, event)
	if line == nil {
		return nil
	}
	if !b.yield(graph.FeedItem{Position: r.Position, Version: r.Version, Mark: b.mark, Transaction: line}) {
		return errStopped
	}
	return nil
}
