package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"corebank/internal/view"
)

// maxStatements is the maximum of statements in one command of a stepwise write:
// FerretDB hangs on an update of more than 100.
const maxStatements = 50

// applyStepwise writes documents that can be written again unchanged, and then the
// checkpoint, so that the same changes can be applied again after a failure.
func (s *Store) applyStepwise(ctx context.Context, changes view.Changes) error {
	if err := s.checkHeld(ctx, changes.From); err != nil {
		return err
	}
	if err := checkDuplicates(changes); err != nil {
		return err
	}
	if err := s.putStepwise(ctx, changes.Accounts, changes.Transactions, changes.References, changes.States); err != nil {
		return err
	}
	err := writeStepwise(ctx, s.trials, changes.PastTrials, fromTrial, func(d trialDocument) any { return d.Position })
	if err != nil {
		return err
	}
	move, err := moveTo(changes)
	if err != nil {
		return err
	}
	if _, err := s.checkpoint.UpdateOne(ctx, bson.D{{Key: "_id", Value: checkpointID}}, move); err != nil {
		return fmt.Errorf("move the checkpoint: %w", err)
	}
	return nil
}

// checkDuplicates refuses references and states that occur twice, which a stepwise
// write would not notice.
func checkDuplicates(changes view.Changes) error {
	seen := make(map[any]bool)
	for _, l := range changes.References {
		id := [2]any{l.Key, l.Record.Position}
		if seen[id] {
			return fmt.Errorf("position %d occurs twice under %s", l.Record.Position, l.Key)
		}
		seen[id] = true
	}
	for _, state := range changes.States {
		id := [2]any{state.Account.ID, state.Account.Version}
		if seen[id] {
			return fmt.Errorf("version %d of %s occurs twice", state.Account.Version, state.Account.ID)
		}
		seen[id] = true
	}
	return nil
}

func (s *Store) putStepwise(
	ctx context.Context, accounts []view.Account, lines []view.Transaction, references []view.Reference,
	states []view.State,
) error {
	if err := writeStepwise(ctx, s.history, lines, fromLine, func(d lineDocument) any { return d.ID }); err != nil {
		return err
	}
	err := writeStepwise(ctx, s.references, references, fromReference, func(d referenceDocument) any { return d.ID })
	if err != nil {
		return err
	}
	if err := writeStepwise(ctx, s.states, states, fromState, func(d stateDocument) any { return d.ID }); err != nil {
		return err
	}
	return writeStepwise(ctx, s.accounts, accounts, fromAccount, accountID)
}

func writeStepwise[T, D any](
	ctx context.Context, into *mongo.Collection, all []T, from func(T) (D, error), id func(D) any,
) error {
	models, err := replacing(all, from, id)
	for some := range slices.Chunk(models, maxStatements) {
		if _, err = into.BulkWrite(ctx, some); err != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("put into %s: %w", into.Name(), err)
	}
	return nil
}

func (s *Store) replaceStepwise(ctx context.Context, r view.Replacement) error {
	if err := s.checkHeld(ctx, r.At); err != nil {
		return err
	}
	at, err := s.readCheckpoint(ctx)
	if err != nil {
		return err
	}
	if err := s.correct(ctx, at, r); err != nil {
		return err
	}
	if err := s.removeAll(ctx, r.Account.ID); err != nil {
		return err
	}
	return s.putStepwise(ctx, []view.Account{r.Account}, r.Transactions, r.References, r.States)
}
