package graph

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"corebank/internal/bank"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// cursorAccount is the kind of the cursors of the list of accounts. They name the
// account: the position at which it was opened would say something of others.
const cursorAccount = "account:"

func accountCursor(id bank.AccountID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorAccount + string(id)))
}

// readAccountCursor is the position at which the cursor's account was opened; 0
// without a cursor. Cursors of earlier builds have the position itself.
func (r *Resolver) readAccountCursor(ctx context.Context, text *string) (int64, error) {
	if text == nil {
		return 0, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(*text)
	id, named := strings.CutPrefix(string(plain), cursorAccount)
	if err != nil || !named || *text != accountCursor(bank.AccountID(id)) {
		return r.readOpening(ctx, text)
	}
	a, err := r.Views.Account(ctx, bank.AccountID(id))
	if errors.Is(err, view.ErrNotFound) || err == nil && (a.Opened == 0 || !identity.From(ctx).Sees(a.Owner)) {
		return 0, InvalidCursor()
	}
	if err != nil {
		return 0, fmt.Errorf("view of account %s: %w", id, err)
	}
	return a.Opened, nil
}

// readOpening reads a cursor with a position, at which an account that the caller
// may know of must have been opened.
func (r *Resolver) readOpening(ctx context.Context, text *string) (int64, error) {
	position, err := readCursor("after", text, cursorPosition)
	if err != nil || position == 0 || position == view.NoVersion {
		return position, err
	}
	there, _, err := r.listAccounts(ctx, view.Accounts{First: 1, Before: position + 1})
	if err != nil {
		return 0, fmt.Errorf("list accounts: %w", err)
	}
	if len(there) == 0 || there[0].Opened != position {
		return 0, InvalidCursor()
	}
	return position, nil
}
