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
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Account is the document, or view.ErrNotFound.
func (s *Store) Account(ctx context.Context, id bank.AccountID) (view.Account, error) {
	account, err := findOne(ctx, s.accounts, bson.D{{Key: "_id", Value: id}}, options.FindOne(), accountDocument.account)
	if err != nil {
		return view.Account{}, fmt.Errorf("read account %s: %w", id, err)
	}
	return account, nil
}

// AccountByExternalID is the document, or view.ErrNotFound.
func (s *Store) AccountByExternalID(ctx context.Context, externalID string) (view.Account, error) {
	if externalID == "" {
		return view.Account{}, fmt.Errorf("read the account without an external id: %w", view.ErrNotFound)
	}
	byExternalID := bson.D{{Key: "externalId", Value: externalID}}
	account, err := findOne(ctx, s.accounts, byExternalID, options.FindOne(), accountDocument.account)
	if err != nil {
		return view.Account{}, fmt.Errorf("read an account by its external id: %w", err)
	}
	return account, nil
}

// Accounts are those of the documents that exist.
func (s *Store) Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	accounts := make(map[bank.AccountID]view.Account, len(ids))
	if len(ids) == 0 {
		return accounts, nil
	}
	byIDs := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	found, err := find(ctx, s.accounts, byIDs, options.Find(), accountDocument.account)
	if err != nil {
		return nil, err
	}
	for _, account := range found {
		accounts[account.ID] = account
	}
	return accounts, nil
}

// ListAccounts is a page of accounts, newest first.
func (s *Store) ListAccounts(ctx context.Context, page view.Accounts) ([]view.Account, bool, error) {
	if err := page.Check(); err != nil {
		return nil, false, err
	}
	opened := bson.D{{Key: "$gt", Value: 0}}
	if page.Before > 0 {
		opened = append(opened, bson.E{Key: "$lt", Value: page.Before})
	}
	filter := bson.D{{Key: "opened", Value: opened}}
	for _, equal := range []struct{ field, wanted string }{
		{"owner", page.Filter.Owner}, {"kind", string(page.Filter.Kind)}, {"currency", string(page.Filter.Currency)},
	} {
		if equal.wanted != "" {
			filter = append(filter, bson.E{Key: equal.field, Value: equal.wanted})
		}
	}
	newest := options.Find().SetSort(bson.D{{Key: "opened", Value: -1}}).SetLimit(int64(page.First) + 1)
	accounts, err := find(ctx, s.accounts, filter, newest, accountDocument.account)
	return accounts[:min(len(accounts), page.First)], len(accounts) > page.First, err
}

// References are the records under a key.
func (s *Store) References(ctx context.Context, key string) ([]contract.Record, error) {
	inOrder := options.Find().SetSort(bson.D{{Key: "position", Value: 1}}).SetLimit(view.MaxReferences)
	return find(ctx, s.references, bson.D{{Key: "key", Value: key}}, inOrder, referenceDocument.record)
}

// StateBefore is the newest history state that is not after a version and a time.
func (s *Store) StateBefore(ctx context.Context, id bank.AccountID, version int64, t time.Time) (view.State, error) {
	filter := bson.D{{Key: "account", Value: id}, {Key: "version", Value: bson.D{{Key: "$lte", Value: version}}}}
	if !t.IsZero() {
		filter = append(filter, bson.E{Key: "changedAt", Value: bson.D{{Key: "$lte", Value: t.UnixMicro()}}})
	}
	newest := options.FindOne().SetSort(bson.D{{Key: "version", Value: -1}})
	state, err := findOne(ctx, s.states, filter, newest, stateDocument.state)
	if err != nil && !errors.Is(err, view.ErrNotFound) {
		return view.State{}, fmt.Errorf("read a history state of %s: %w", id, err)
	}
	return state, nil
}

// Trial is the trial balance at the checkpoint.
func (s *Store) Trial(ctx context.Context) (view.Trial, error) {
	document, err := s.readCheckpoint(ctx)
	if err != nil {
		return view.Trial{}, err
	}
	return readTrial(document.Trial)
}

// TrialBefore is the newest past trial balance that is not after a position and a
// time.
func (s *Store) TrialBefore(ctx context.Context, position int64, t time.Time) (view.Trial, error) {
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$lte", Value: position}}}}
	if !t.IsZero() {
		filter = append(filter, bson.E{Key: "at", Value: bson.D{{Key: "$lte", Value: t.UnixMicro()}}})
	}
	newest := options.FindOne().SetSort(bson.D{{Key: "_id", Value: -1}})
	trial, err := findOne(ctx, s.trials, filter, newest, trialDocument.trial)
	if err != nil && !errors.Is(err, view.ErrNotFound) {
		return view.Trial{}, fmt.Errorf("read a past trial balance: %w", err)
	}
	return trial, nil
}

// Checkpoint is the last position that the views reflect.
func (s *Store) Checkpoint(ctx context.Context) (int64, error) {
	document, err := s.readCheckpoint(ctx)
	return document.Position, err
}

// LogCheckpoint is that position with the log and the mark of the record there.
func (s *Store) LogCheckpoint(ctx context.Context) (contract.Checkpoint, error) {
	document, err := s.readCheckpoint(ctx)
	if err != nil {
		return contract.Checkpoint{}, err
	}
	return view.ReadLogCheckpoint(document.Position, document.Marked)
}

func (s *Store) readCheckpoint(ctx context.Context) (checkpointDocument, error) {
	var document checkpointDocument
	err := s.checkpoint.FindOne(ctx, bson.D{{Key: "_id", Value: checkpointID}}).Decode(&document)
	if errors.Is(err, mongo.ErrNoDocuments) {
		err = view.ErrRetired // and the views are removed
	}
	if err != nil {
		return checkpointDocument{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	return document, nil
}

// findOne decodes the document that is found, or returns view.ErrNotFound.
func findOne[D, T any](
	ctx context.Context, from *mongo.Collection, filter bson.D, opts options.Lister[options.FindOneOptions],
	of func(D) (T, error),
) (T, error) {
	var document D
	err := from.FindOne(ctx, filter, opts).Decode(&document)
	if err == nil {
		return of(document)
	}
	if errors.Is(err, mongo.ErrNoDocuments) {
		err = view.ErrNotFound
	}
	var none T
	return none, err
}

// find decodes the documents that are found.
func find[D, T any](
	ctx context.Context, from *mongo.Collection, filter bson.D, opts options.Lister[options.FindOptions],
	of func(D) (T, error),
) ([]T, error) {
	var documents []D
	cursor, err := from.Find(ctx, filter, opts)
	if err == nil {
		err = cursor.All(ctx, &documents)
	}
	all := make([]T, 0, len(documents))
	for i := 0; err == nil && i < len(documents); i++ {
		var one T
		if one, err = of(documents[i]); err == nil {
			all = append(all, one)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", from.Name(), err)
	}
	return all, nil
}
