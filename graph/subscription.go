package graph

import (
	"context"

	"corebank/graph/model"
	"corebank/internal/bank"
)

// stream sends an account's transactions, or everybody's, until the
// subscriber leaves or the feed fails.
func (r *Resolver) stream(ctx context.Context, id bank.AccountID, after int64) <-chan *model.TransactionEvent {
	events := make(chan *model.TransactionEvent)
	go func() {
		defer close(events)
		for line, err := range r.Feed.Transactions(ctx, id, after) {
			if err != nil {
				endStream(ctx, Present(ctx, err, r.Hidden))
				return
			}
			event := &model.TransactionEvent{Cursor: cursor(cursorPosition, line.Position), Transaction: transactionOf(line)}
			select {
			case events <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events
}
