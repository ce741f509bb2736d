package sqlite

import (
	"context"
	"fmt"

	"corebank/internal/view"
)

// AccountByExternalID is the document, or view.ErrNotFound.
func (r *Reader) AccountByExternalID(ctx context.Context, externalID string) (view.Account, error) {
	account, err := scanAccount(r.byExternalID.QueryRowContext(ctx, externalID))
	if err != nil {
		return view.Account{}, fmt.Errorf("read an account by its external id: %w", notFound(err))
	}
	return account, nil
}

// ListAccounts is a page of accounts, newest first.
func (r *Reader) ListAccounts(ctx context.Context, page view.Accounts) ([]view.Account, bool, error) {
	if err := page.Check(); err != nil {
		return nil, false, err
	}
	text, args := listQuery(page)
	rows, err := r.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, false, fmt.Errorf("list accounts: %w", err)
	}
	accounts, err := scanAll(rows, scanAccount)
	if err != nil {
		return nil, false, fmt.Errorf("list accounts: %w", err)
	}
	return accounts[:min(len(accounts), page.First)], len(accounts) > page.First, nil
}

// listQuery is the query for a page and one account more.
func listQuery(page view.Accounts) (string, []any) {
	index, conditions, args := "accounts_by_opening", "", []any(nil)
	add := func(wanted, column string) {
		if wanted != "" {
			index, conditions, args = "accounts_by_"+column, conditions+" AND "+column+" = ?", append(args, wanted)
		}
	}
	add(string(page.Filter.Currency), "currency")
	add(string(page.Filter.Kind), "kind")
	add(page.Filter.Owner, "owner")
	if page.Before > 0 {
		conditions, args = conditions+" AND opened < ?", append(args, page.Before)
	}
	return "SELECT " + accountColumns + " FROM accounts INDEXED BY " + index + " WHERE opened > 0" + conditions +
		" ORDER BY opened DESC LIMIT ?", append(args, page.First+1)
}
