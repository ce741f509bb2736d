package mongo

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"corebank/internal/view"
)

// Snapshot is the views as of now. MongoDB retains the past for five minutes,
// unless its minSnapshotHistoryWindowInSeconds is changed; reading that takes
// longer fails. A server without transactions has no snapshots either: a reader
// then sees parts of what is written in the meantime.
func (s *Store) Snapshot(ctx context.Context) (view.Snapshot, error) {
	snap := &snapshot{store: s}
	if !s.stepwise {
		session, err := s.client.StartSession(options.Session().SetSnapshot(true))
		if err != nil {
			return nil, fmt.Errorf("take a snapshot: %w", err)
		}
		snap.session = session
	}
	// The first read fixes the time that all others see.
	at, err := s.readCheckpoint(snap.within(ctx))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take a snapshot: %w", err), snap.Close(ctx))
	}
	snap.checkpoint = at.Position
	if snap.trial, err = readTrial(at.Trial); err != nil {
		return nil, errors.Join(fmt.Errorf("take a snapshot: %w", err), snap.Close(ctx))
	}
	return snap, nil
}

type snapshot struct {
	store      *Store
	session    *mongo.Session // nil for a store without transactions
	checkpoint int64
	trial      view.Trial
}

// within is the context of the snapshot's reads.
func (s *snapshot) within(ctx context.Context) context.Context {
	if s.session == nil {
		return ctx
	}
	return mongo.NewSessionContext(ctx, s.session)
}

func (s *snapshot) Checkpoint() int64 { return s.checkpoint }

func (s *snapshot) Trial() view.Trial { return s.trial }

func (s *snapshot) Close(ctx context.Context) error {
	if s.session != nil {
		s.session.EndSession(ctx)
	}
	return nil
}

func (s *snapshot) Accounts(ctx context.Context) iter.Seq2[view.Account, error] {
	return each(s.within(ctx), s.store.accounts, options.Find(), accountDocument.account)
}

// Ids of lines sort by account and version.
func (s *snapshot) Transactions(ctx context.Context) iter.Seq2[view.Transaction, error] {
	byID := options.Find().SetSort(bson.D{{Key: "_id", Value: 1}})
	return each(s.within(ctx), s.store.history, byID, lineDocument.line)
}

func (s *snapshot) References(ctx context.Context) iter.Seq2[view.Reference, error] {
	return each(s.within(ctx), s.store.references, options.Find(), referenceDocument.reference)
}

func (s *snapshot) States(ctx context.Context) iter.Seq2[view.State, error] {
	return each(s.within(ctx), s.store.states, options.Find(), stateDocument.state)
}

// each yields the decoded documents of a collection.
func each[D, T any](
	ctx context.Context, from *mongo.Collection, opts options.Lister[options.FindOptions], of func(D) (T, error),
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		cursor, err := from.Find(ctx, bson.D{}, opts)
		if err != nil {
			yield(none, fmt.Errorf("read a snapshot of %s: %w", from.Name(), err))
			return
		}
		defer cursor.Close(ctx)
		for cursor.Next(ctx) {
			var document D
			if err := cursor.Decode(&document); err != nil {
				yield(none, fmt.Errorf("read a snapshot of %s: %w", from.Name(), err))
				return
			}
			one, err := of(document)
			if !yield(one, err) || err != nil {
				return
			}
		}
		if err := cursor.Err(); err != nil {
			yield(none, fmt.Errorf("read a snapshot of %s: %w", from.Name(), err))
		}
	}
}
