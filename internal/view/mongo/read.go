package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Account is the document, or view.ErrNotFound.
func (s *Store) Account(ctx context.Context, id bank.AccountID) (view.Account, error) {
	var document accountDocument
	if err := s.accounts.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&document); err != nil {
		return view.Account{}, fmt.Errorf("read account %s: %w", id, notFound(err))
	}
	return document.account(), nil
}

// Accounts are those of the documents that exist.
func (s *Store) Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	accounts := make(map[bank.AccountID]view.Account, len(ids))
	if len(ids) == 0 {
		return accounts, nil
	}
	var documents []accountDocument
	cursor, err := s.accounts.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	if err == nil {
		err = cursor.All(ctx, &documents)
	}
	if err != nil {
		return nil, fmt.Errorf("read %d accounts: %w", len(ids), err)
	}
	for _, document := range documents {
		accounts[document.ID] = document.account()
	}
	return accounts, nil
}

// Transaction is one history line, or view.ErrNotFound.
func (s *Store) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	var document lineDocument
	if err := s.history.FindOne(ctx, bson.D{{Key: "_id", Value: lineID(id, version)}}).Decode(&document); err != nil {
		return view.Transaction{}, fmt.Errorf("read line %d of %s: %w", version, id, notFound(err))
	}
	return document.line(), nil
}

// Checkpoint is the last position that the views reflect.
func (s *Store) Checkpoint(ctx context.Context) (int64, error) {
	document, err := s.readCheckpoint(ctx)
	return document.Position, err
}

func (s *Store) readCheckpoint(ctx context.Context) (checkpointDocument, error) {
	var document checkpointDocument
	err := s.checkpoint.FindOne(ctx, bson.D{{Key: "_id", Value: checkpointID}}).Decode(&document)
	if errors.Is(err, mongo.ErrNoDocuments) {
		err = view.ErrRetired // and removed
	}
	if err != nil {
		return checkpointDocument{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	return document, nil
}

// History is one page of an account's lines.
func (s *Store) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	return view.ReadPage(ctx, s, id, page)
}

// Range reads lines for view.ReadPage.
func (s *Store) Range(ctx context.Context, want view.Range) ([]view.Transaction, error) {
	filter := bson.D{{Key: "account", Value: want.Account},
		{Key: "version", Value: bson.D{{Key: "$gt", Value: want.Above}, {Key: "$lt", Value: want.Below}}}}
	if len(want.Types) > 0 {
		filter = append(filter, bson.E{Key: "type", Value: bson.D{{Key: "$in", Value: want.Types}}})
	}
	order := 1
	if want.NewestFirst {
		order = -1
	}
	return s.findLines(ctx, want.Account, filter,
		options.Find().SetSort(bson.D{{Key: "version", Value: order}}).SetLimit(int64(want.Limit)))
}

// VersionAt finds where a time begins for view.ReadPage.
func (s *Store) VersionAt(ctx context.Context, id bank.AccountID, t time.Time) (int64, error) {
	filter := bson.D{{Key: "account", Value: id}, {Key: "occurredAt", Value: bson.D{{Key: "$gte", Value: t.UnixMicro()}}}}
	order := bson.D{{Key: "occurredAt", Value: 1}, {Key: "version", Value: 1}}
	lines, err := s.findLines(ctx, id, filter, options.Find().SetSort(order).SetLimit(1))
	if err != nil || len(lines) == 0 {
		return view.NoVersion, err
	}
	return lines[0].Version, nil
}

func (s *Store) findLines(ctx context.Context, id bank.AccountID, filter bson.D, opts options.Lister[options.FindOptions]) ([]view.Transaction, error) {
	var documents []lineDocument
	cursor, err := s.history.Find(ctx, filter, opts)
	if err == nil {
		err = cursor.All(ctx, &documents)
	}
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", id, err)
	}
	lines := make([]view.Transaction, len(documents))
	for i, document := range documents {
		lines[i] = document.line()
	}
	return lines, nil
}

// notFound translates the driver's way to say that there is no document.
func notFound(err error) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return view.ErrNotFound
	}
	return err
}
