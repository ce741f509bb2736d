package live

import (
	"context"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Reader is a view.Reader of live views.
type Reader struct {
	// Use lets a function read the live views. It may call the function again if
	// the views were switched while it read.
	Use func(ctx context.Context, read func(view.Reader) error) error
}

var _ view.Reader = Reader{}

func read[T any](ctx context.Context, r Reader, ask func(view.Reader) (T, error)) (answer T, err error) {
	err = r.Use(ctx, func(views view.Reader) (err error) {
		answer, err = ask(views)
		return err
	})
	return answer, err
}

// Account implements view.Reader.
func (r Reader) Account(ctx context.Context, id bank.AccountID) (view.Account, error) {
	return read(ctx, r, func(v view.Reader) (view.Account, error) { return v.Account(ctx, id) })
}

// AccountByExternalID implements view.Reader.
func (r Reader) AccountByExternalID(ctx context.Context, externalID string) (view.Account, error) {
	return read(ctx, r, func(v view.Reader) (view.Account, error) { return v.AccountByExternalID(ctx, externalID) })
}

// ListAccounts implements view.Reader.
func (r Reader) ListAccounts(ctx context.Context, page view.Accounts) (accounts []view.Account, more bool, err error) {
	err = r.Use(ctx, func(v view.Reader) (err error) {
		accounts, more, err = v.ListAccounts(ctx, page)
		return err
	})
	return accounts, more, err
}

// Transaction implements view.Reader.
func (r Reader) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	return read(ctx, r, func(v view.Reader) (view.Transaction, error) { return v.Transaction(ctx, id, version) })
}

// History implements view.Reader.
func (r Reader) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	return read(ctx, r, func(v view.Reader) (view.Lines, error) { return v.History(ctx, id, page) })
}

// Sums implements view.Reader.
func (r Reader) Sums(ctx context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	return read(ctx, r, func(v view.Reader) (view.Sums, error) { return v.Sums(ctx, id, filter) })
}

// References implements view.Reader.
func (r Reader) References(ctx context.Context, key string) ([]contract.Record, error) {
	return read(ctx, r, func(v view.Reader) ([]contract.Record, error) { return v.References(ctx, key) })
}

// StateBefore implements view.Reader.
func (r Reader) StateBefore(ctx context.Context, id bank.AccountID, version int64, t time.Time) (view.State, error) {
	return read(ctx, r, func(v view.Reader) (view.State, error) { return v.StateBefore(ctx, id, version, t) })
}

// Trial implements view.Reader.
func (r Reader) Trial(ctx context.Context) (view.Trial, error) {
	return read(ctx, r, func(v view.Reader) (view.Trial, error) { return v.Trial(ctx) })
}

// TrialBefore implements view.Reader.
func (r Reader) TrialBefore(ctx context.Context, position int64, t time.Time) (view.Trial, error) {
	return read(ctx, r, func(v view.Reader) (view.Trial, error) { return v.TrialBefore(ctx, position, t) })
}

// Checkpoint implements view.Reader.
func (r Reader) Checkpoint(ctx context.Context) (int64, error) {
	return read(ctx, r, func(v view.Reader) (int64, error) { return v.Checkpoint(ctx) })
}

// LogCheckpoint implements view.Reader.
func (r Reader) LogCheckpoint(ctx context.Context) (contract.Checkpoint, error) {
	return read(ctx, r, func(v view.Reader) (contract.Checkpoint, error) { return v.LogCheckpoint(ctx) })
}
