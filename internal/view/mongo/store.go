package mongo

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"corebank/internal/view"
)

// Store is one generation of the views in MongoDB. It is safe for concurrent
// use.
type Store struct {
	database
	accounts, history, checkpoint *mongo.Collection
	// mayBeRetired lets views be written that are not live, for a rollback.
	mayBeRetired atomic.Bool
}

var _ view.Built = (*Store)(nil)

// Close ends the connections.
func (s *Store) Close(ctx context.Context) error {
	if err := s.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("disconnect from MongoDB: %w", err)
	}
	return nil
}

// Apply makes the changes in one transaction, or does nothing and returns an
// error.
func (s *Store) Apply(ctx context.Context, changes view.Changes) error {
	if err := changes.Check(); err != nil {
		return err
	}
	var err error
	if s.stepwise {
		err = s.applyStepwise(ctx, changes)
	} else {
		err = s.transact(ctx, func(ctx context.Context) error { return s.put(ctx, changes) })
	}
	if err != nil {
		return fmt.Errorf("apply %d to %d: %w", changes.From+1, changes.To, err)
	}
	return nil
}

// transact does work in one transaction.
func (s *Store) transact(ctx context.Context, do func(context.Context) error) error {
	session, err := s.client.StartSession()
	if err != nil {
		return err
	}
	defer session.EndSession(ctx)
	// The driver repeats what failed for a passing reason, a race for the
	// checkpoint among them; the loser then finds that it moved.
	_, err = session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
		return nil, do(ctx)
	}, options.Transaction().SetReadConcern(readconcern.Snapshot()).SetWriteConcern(writeconcern.Majority()))
	return err
}

// put runs inside a transaction.
func (s *Store) put(ctx context.Context, changes view.Changes) error {
	if err := s.hold(ctx, changes.From, setPosition(changes.To)); err != nil {
		return err
	}
	if len(changes.Accounts) > 0 {
		if _, err := s.accounts.BulkWrite(ctx, putAccounts(changes.Accounts)); err != nil {
			return fmt.Errorf("put accounts: %w", err)
		}
	}
	return s.addLines(ctx, changes.Transactions)
}

// hold changes the checkpoint in a transaction, which then collides with all
// others that do, if it is at a position. Otherwise it says why it is not.
func (s *Store) hold(ctx context.Context, at int64, change bson.D) error {
	filter := bson.D{{Key: "_id", Value: checkpointID}, {Key: "position", Value: at}}
	if !s.mayBeRetired.Load() {
		filter = append(filter, bson.E{Key: "retired", Value: bson.D{{Key: "$ne", Value: true}}})
	}
	held, err := s.checkpoint.UpdateOne(ctx, filter, change)
	if err != nil {
		return fmt.Errorf("hold the checkpoint: %w", err)
	}
	if held.MatchedCount > 0 {
		return nil
	}
	if err := s.checkHeld(ctx, at); err != nil {
		return err
	}
	return view.ErrCheckpointMoved // and back
}

// checkHeld is nil if the checkpoint is at a position of views that may be
// written.
func (s *Store) checkHeld(ctx context.Context, at int64) error {
	found, err := s.readCheckpoint(ctx)
	switch {
	case err != nil:
		return err
	case found.Retired && !s.mayBeRetired.Load():
		return view.ErrRetired
	case found.Position != at:
		return view.ErrCheckpointMoved
	default:
		return nil
	}
}

// addLines runs inside a transaction. A line that is there already is an error.
func (s *Store) addLines(ctx context.Context, added []view.Transaction) error {
	if len(added) == 0 {
		return nil
	}
	lines := make([]lineDocument, len(added))
	for i, line := range added {
		lines[i] = fromLine(line)
	}
	if _, err := s.history.InsertMany(ctx, lines); err != nil {
		return fmt.Errorf("add lines: %w", err)
	}
	return nil
}

// maxStatements bounds one command of applyStepwise: FerretDB hangs on an
// update of more than 100 statements.
const maxStatements = 50

// applyStepwise writes what can be written again unchanged, and the checkpoint
// last, so that the same changes can be applied again after a failure.
func (s *Store) applyStepwise(ctx context.Context, changes view.Changes) error {
	if err := s.checkHeld(ctx, changes.From); err != nil {
		return err
	}
	if err := writeStepwise(ctx, s.history, putLines(changes.Transactions)); err != nil {
		return fmt.Errorf("put lines: %w", err)
	}
	if err := writeStepwise(ctx, s.accounts, putAccounts(changes.Accounts)); err != nil {
		return fmt.Errorf("put accounts: %w", err)
	}
	if _, err := s.checkpoint.UpdateOne(ctx, bson.D{{Key: "_id", Value: checkpointID}}, setPosition(changes.To)); err != nil {
		return fmt.Errorf("move the checkpoint: %w", err)
	}
	return nil
}

func writeStepwise(ctx context.Context, into *mongo.Collection, models []mongo.WriteModel) error {
	for some := range slices.Chunk(models, maxStatements) {
		if _, err := into.BulkWrite(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func setPosition(to int64) bson.D {
	return bson.D{{Key: "$set", Value: bson.D{{Key: "position", Value: to}}}}
}

func putAccounts(accounts []view.Account) []mongo.WriteModel {
	models := make([]mongo.WriteModel, len(accounts))
	for i, account := range accounts {
		models[i] = putDocument(string(account.ID), fromAccount(account))
	}
	return models
}

func putLines(lines []view.Transaction) []mongo.WriteModel {
	models := make([]mongo.WriteModel, len(lines))
	for i, line := range lines {
		models[i] = putDocument(lineID(line.Account, line.Version), fromLine(line))
	}
	return models
}

func putDocument(id string, document any) mongo.WriteModel {
	return mongo.NewReplaceOneModel().SetFilter(bson.D{{Key: "_id", Value: id}}).SetReplacement(document).SetUpsert(true)
}
