package view

import (
	"context"
	"errors"

	"corebank/internal/contract"
)

// Shows reports whether views whose checkpoint has no mark show the record that the
// log has there. Views of an earlier build are recognized by that: nothing came
// after the record, so its account is as the record left it.
func Shows(ctx context.Context, views Reader, r contract.Record) (bool, error) {
	account, err := views.Account(ctx, r.Account)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil || account.Quarantined() {
		return err == nil && account.Stale.Position <= r.Position, err
	}
	return account.Version == r.Version && account.ChangedAt.Equal(r.At), nil
}
