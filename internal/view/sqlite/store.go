package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Store is a Reader that a projector writes to. It is safe for concurrent
// use; writes go one after the other.
type Store struct {
	*Reader
	write                               *sql.DB
	accounts                            *sql.Stmt
	moveCheckpoint, putAccount, addLine *sql.Stmt
	removeLines                         *sql.Stmt
}

var _ view.Store = (*Store)(nil)

const putAccount = "INSERT INTO accounts (" + accountColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) " +
	"ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, currency = excluded.currency, balance = excluded.balance, " +
	"version = excluded.version, opened_at = excluded.opened_at, updated_at = excluded.updated_at, " +
	"stale_reason = excluded.stale_reason, stale_position = excluded.stale_position, " +
	"stale_version = excluded.stale_version, stale_since = excluded.stale_since"

func newStore(ctx context.Context, write *sql.DB, reader *Reader) (*Store, error) {
	s := &Store{Reader: reader, write: write}
	err := prepare(ctx, write, map[**sql.Stmt]string{
		&s.moveCheckpoint: "UPDATE checkpoint SET position = ? WHERE position = ?",
		&s.putAccount:     putAccount,
		&s.addLine:        "INSERT INTO history (account, " + lineColumns + ") VALUES (" + number + ", ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&s.removeLines:    "DELETE FROM history WHERE account = " + number,
	})
	if err != nil {
		return nil, err
	}
	return s, prepare(ctx, reader.db, map[**sql.Stmt]string{
		&s.accounts: "SELECT " + accountColumns + " FROM accounts WHERE id IN (SELECT value FROM json_each(?))",
	})
}

// Close releases the file.
func (s *Store) Close(ctx context.Context) error {
	return errors.Join(s.Reader.Close(ctx), s.write.Close())
}

// Accounts are those of the documents that exist.
func (s *Store) Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("read %d accounts: %w", len(ids), err)
	}
	rows, err := s.accounts.QueryContext(ctx, string(list))
	if err != nil {
		return nil, fmt.Errorf("read %d accounts: %w", len(ids), err)
	}
	defer rows.Close()
	accounts := make(map[bank.AccountID]view.Account, len(ids))
	for rows.Next() {
		account, err := scanAccount(rows)
		if err != nil {
			return nil, fmt.Errorf("read %d accounts: %w", len(ids), err)
		}
		accounts[account.ID] = account
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %d accounts: %w", len(ids), err)
	}
	return accounts, nil
}

// Apply makes the changes in one transaction, or does nothing and returns an
// error.
func (s *Store) Apply(ctx context.Context, changes view.Changes) error {
	if err := changes.Check(); err != nil {
		return err
	}
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.move(ctx, tx, changes.From, changes.To); err != nil {
			return err
		}
		return s.put(ctx, tx, changes.Accounts, changes.Transactions)
	})
	if err != nil {
		return fmt.Errorf("apply %d to %d: %w", changes.From+1, changes.To, err)
	}
	return nil
}

// Replace puts one account in place of what it was, in one transaction, or
// does nothing and returns an error.
func (s *Store) Replace(ctx context.Context, r view.Replacement) error {
	if err := r.Check(); err != nil {
		return err
	}
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.move(ctx, tx, r.At, r.At); err != nil {
			return err
		}
		if _, err := tx.StmtContext(ctx, s.removeLines).ExecContext(ctx, r.Account.ID); err != nil {
			return err
		}
		return s.put(ctx, tx, []view.Account{r.Account}, r.Transactions)
	})
	if err != nil {
		return fmt.Errorf("replace account %s at position %d: %w", r.Account.ID, r.At, err)
	}
	return nil
}

// transact does work in one transaction.
func (s *Store) transact(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	// The transaction ends with ctx; watching it in every statement as well
	// would cost a third of the speed.
	if err := do(context.WithoutCancel(ctx), tx); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	return tx.Commit()
}

// move moves the checkpoint, which has to be from.
func (s *Store) move(ctx context.Context, tx *sql.Tx, from, to int64) error {
	result, err := tx.StmtContext(ctx, s.moveCheckpoint).ExecContext(ctx, to, from)
	if err != nil {
		return err
	}
	if moved, err := result.RowsAffected(); err != nil || moved == 0 {
		return errors.Join(err, view.ErrCheckpointMoved)
	}
	return nil
}

func (s *Store) put(ctx context.Context, tx *sql.Tx, accounts []view.Account, lines []view.Transaction) error {
	put := tx.StmtContext(ctx, s.putAccount)
	for _, a := range accounts {
		stale := columnsOf(a.Stale)
		_, err := put.ExecContext(ctx, a.ID, a.Owner, a.Currency, a.Balance, a.Version,
			a.OpenedAt.UnixMicro(), a.UpdatedAt.UnixMicro(), stale.reason, stale.position, stale.version, stale.since)
		if err != nil {
			return fmt.Errorf("put account %s: %w", a.ID, err)
		}
	}
	add := tx.StmtContext(ctx, s.addLine)
	for _, l := range lines {
		_, err := add.ExecContext(ctx, l.Account, l.Version, l.Position, l.Type, l.Currency, l.Amount, l.BalanceAfter,
			l.OccurredAt.UnixMicro(), l.Reference, l.Memo)
		if err != nil {
			return fmt.Errorf("add line %d of %s: %w", l.Version, l.Account, err)
		}
	}
	return nil
}
