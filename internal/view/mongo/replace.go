package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"corebank/internal/view"
)

// Replace puts one account in place of what it was, in one transaction, or
// does nothing and returns an error. MongoDB ends a transaction after one
// minute unless its transactionLifetimeLimitSeconds says otherwise: a history
// that takes longer to write is refused with its error.
func (s *Store) Replace(ctx context.Context, r view.Replacement) error {
	if err := r.Check(); err != nil {
		return err
	}
	var err error
	if s.stepwise {
		err = s.replaceStepwise(ctx, r)
	} else {
		err = s.transact(ctx, func(ctx context.Context) error { return s.replace(ctx, r) })
	}
	if err != nil {
		return fmt.Errorf("replace account %s at position %d: %w", r.Account.ID, r.At, err)
	}
	return nil
}

// replace runs inside a transaction. Writing the checkpoint, even unchanged,
// makes it collide with a projector that moves it.
func (s *Store) replace(ctx context.Context, r view.Replacement) error {
	if err := s.hold(ctx, r.At, bson.D{{Key: "$inc", Value: bson.D{{Key: "replays", Value: 1}}}}); err != nil {
		return err
	}
	if _, err := s.accounts.BulkWrite(ctx, putAccounts([]view.Account{r.Account})); err != nil {
		return fmt.Errorf("put the account: %w", err)
	}
	if _, err := s.history.DeleteMany(ctx, bson.D{{Key: "account", Value: r.Account.ID}}); err != nil {
		return fmt.Errorf("remove lines: %w", err)
	}
	return s.addLines(ctx, r.Transactions)
}

func (s *Store) replaceStepwise(ctx context.Context, r view.Replacement) error {
	if err := s.checkHeld(ctx, r.At); err != nil {
		return err
	}
	if _, err := s.history.DeleteMany(ctx, bson.D{{Key: "account", Value: r.Account.ID}}); err != nil {
		return fmt.Errorf("remove lines: %w", err)
	}
	if err := writeStepwise(ctx, s.history, putLines(r.Transactions)); err != nil {
		return fmt.Errorf("put lines: %w", err)
	}
	return writeStepwise(ctx, s.accounts, putAccounts([]view.Account{r.Account}))
}
