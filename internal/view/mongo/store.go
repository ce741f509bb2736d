package mongo

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"corebank/internal/view"
)

// Store is one generation of the views in MongoDB. It is safe for concurrent use.
type Store struct {
	database
	accounts, history, checkpoint *mongo.Collection
	references, states, trials    *mongo.Collection
	// mayBeRetired allows writes to views that are not live, for a rollback.
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

// transact runs do in one transaction.
func (s *Store) transact(ctx context.Context, do func(context.Context) error) error {
	session, err := s.client.StartSession()
	if err != nil {
		return err
	}
	defer session.EndSession(ctx)
	// The driver retries transient failures, among them a race for the checkpoint;
	// the loser then finds that the checkpoint has moved.
	_, err = session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
		return nil, do(ctx)
	}, options.Transaction().SetReadConcern(readconcern.Snapshot()).SetWriteConcern(writeconcern.Majority()))
	return err
}

// put runs inside a transaction.
func (s *Store) put(ctx context.Context, changes view.Changes) error {
	move, err := moveTo(changes)
	if err != nil {
		return err
	}
	if err := s.hold(ctx, changes.From, move); err != nil {
		return err
	}
	if err := s.putAccounts(ctx, changes.Accounts); err != nil {
		return err
	}
	if err := s.addAll(ctx, changes.Transactions, changes.References, changes.States); err != nil {
		return err
	}
	return add(ctx, s.trials, changes.PastTrials, fromTrial)
}

// hold changes the checkpoint in a transaction, if it is at a position. The
// transaction then conflicts with every other one that changes it. Otherwise hold
// returns why it is not there.
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
	return view.ErrCheckpointMoved // and back since
}

// checkHeld is nil if the checkpoint is at a position and the views accept
// writes.
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

// putAccounts runs inside a transaction.
func (s *Store) putAccounts(ctx context.Context, accounts []view.Account) error {
	models, err := replacing(accounts, fromAccount, accountID)
	if err == nil && len(models) > 0 {
		_, err = s.accounts.BulkWrite(ctx, models)
	}
	if err != nil {
		return fmt.Errorf("put accounts: %w", err)
	}
	return nil
}

func accountID(d accountDocument) any { return d.ID }

// addAll runs inside a transaction. A document that exists already is an error.
func (s *Store) addAll(
	ctx context.Context, lines []view.Transaction, references []view.Reference, states []view.State,
) error {
	if err := add(ctx, s.history, lines, fromLine); err != nil {
		return err
	}
	if err := add(ctx, s.references, references, fromReference); err != nil {
		return err
	}
	return add(ctx, s.states, states, fromState)
}

// add inserts documents that must not exist yet.
func add[T, D any](ctx context.Context, into *mongo.Collection, added []T, from func(T) (D, error)) error {
	if len(added) == 0 {
		return nil
	}
	documents := make([]D, len(added))
	for i, one := range added {
		var err error
		if documents[i], err = from(one); err != nil {
			return fmt.Errorf("add to %s: %w", into.Name(), err)
		}
	}
	if _, err := into.InsertMany(ctx, documents); err != nil {
		return fmt.Errorf("add to %s: %w", into.Name(), err)
	}
	return nil
}

// moveTo moves the checkpoint with its log and mark.
func moveTo(changes view.Changes) (bson.D, error) {
	move, err := setPosition(changes.To, changes.Trial)
	if err != nil {
		return nil, err
	}
	marked, err := json.Marshal(changes.LogCheckpoint())
	set, _ := move[0].Value.(bson.D)
	move[0].Value = append(set, bson.E{Key: "marked", Value: string(marked)})
	return move, err
}

func setPosition(to int64, trial view.Trial) (bson.D, error) {
	document, err := fromTrial(trial)
	return bson.D{{Key: "$set", Value: bson.D{{Key: "position", Value: to}, {Key: "trial", Value: document.Trial}}}}, err
}

// replacing replaces each document, or inserts it.
func replacing[T, D any](all []T, from func(T) (D, error), id func(D) any) ([]mongo.WriteModel, error) {
	models := make([]mongo.WriteModel, len(all))
	for i, one := range all {
		document, err := from(one)
		if err != nil {
			return nil, err
		}
		byID := bson.D{{Key: "_id", Value: id(document)}}
		models[i] = mongo.NewReplaceOneModel().SetFilter(byID).SetReplacement(document).SetUpsert(true)
	}
	return models, nil
}
