package mongo

import (
	"cmp"
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Replace replaces everything of one account, in one transaction, or does nothing
// and returns an error. MongoDB ends a transaction after one minute, unless its
// transactionLifetimeLimitSeconds is changed; a history that takes longer to
// write fails with that error.
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

// replace runs inside a transaction. It writes the checkpoint, although the
// position stays, so that it conflicts with a projector that moves it.
func (s *Store) replace(ctx context.Context, r view.Replacement) error {
	if err := s.hold(ctx, r.At, bson.D{{Key: "$inc", Value: bson.D{{Key: "replays", Value: 1}}}}); err != nil {
		return err
	}
	at, err := s.readCheckpoint(ctx)
	if err != nil {
		return err
	}
	if err := s.correct(ctx, at, r); err != nil {
		return err
	}
	if err := s.putAccounts(ctx, []view.Account{r.Account}); err != nil {
		return err
	}
	if err := s.removeAll(ctx, r.Account.ID); err != nil {
		return err
	}
	return s.addAll(ctx, r.Transactions, r.References, r.States)
}

// removeAll removes everything of an account but its document.
func (s *Store) removeAll(ctx context.Context, id bank.AccountID) error {
	for _, from := range []*mongo.Collection{s.history, s.references, s.states} {
		if _, err := from.DeleteMany(ctx, bson.D{{Key: "account", Value: id}}); err != nil {
			return fmt.Errorf("remove from %s: %w", from.Name(), err)
		}
	}
	return nil
}

// correct adds the missing postings to the trial balances.
func (s *Store) correct(ctx context.Context, at checkpointDocument, r view.Replacement) error {
	if len(r.Missing) == 0 {
		return nil
	}
	was, err := s.Account(ctx, r.Account.ID)
	if err != nil || !was.Quarantined() {
		return cmp.Or(err, view.ErrCheckpointMoved)
	}
	now, err := readTrial(at.Trial)
	if err != nil {
		return fmt.Errorf("read the trial balance: %w", err)
	}
	move, err := setPosition(r.At, now.With(r.Missing))
	if err != nil {
		return err
	}
	if _, err := s.checkpoint.UpdateOne(ctx, bson.D{{Key: "_id", Value: checkpointID}}, move); err != nil {
		return fmt.Errorf("correct the trial balance: %w", err)
	}
	since := bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: r.Missing[0].Position}}}}
	past, err := find(ctx, s.trials, since, options.Find(), trialDocument.trial)
	if err != nil {
		return err
	}
	for i, trial := range past {
		past[i] = trial.With(r.Missing)
	}
	return writeStepwise(ctx, s.trials, past, fromTrial, func(d trialDocument) any { return d.Position })
}
