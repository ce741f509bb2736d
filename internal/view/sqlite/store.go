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
}

var _ view.Store = (*Store)(nil)

const putAccount = "INSERT INTO accounts (" + accountColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?) " +
	"ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, currency = excluded.currency, balance = excluded.balance, " +
	"version = excluded.version, opened_at = excluded.opened_at, updated_at = excluded.updated_at"

func newStore(ctx context.Context, write *sql.DB, reader *Reader) (*Store, error) {
	s := &Store{Reader: reader, write: write}
	err := prepare(ctx, write, map[**sql.Stmt]string{
		&s.moveCheckpoint: "UPDATE checkpoint SET position = ? WHERE position = ?",
		&s.putAccount:     putAccount,
		&s.addLine:        "INSERT INTO history (account, " + lineColumns + ") VALUES (" + number + ", ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("apply %d to %d: %w", changes.From+1, changes.To, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	// The transaction ends with ctx; watching it in every statement as well
	// would cost a third of the speed.
	if err := s.put(context.WithoutCancel(ctx), tx, changes); err != nil {
		return fmt.Errorf("apply %d to %d: %w", changes.From+1, changes.To, cmp.Or(ctx.Err(), err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("apply %d to %d: %w", changes.From+1, changes.To, err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, tx *sql.Tx, changes view.Changes) error {
	result, err := tx.StmtContext(ctx, s.moveCheckpoint).ExecContext(ctx, changes.To, changes.From)
	if err != nil {
		return err
	}
	if moved, err := result.RowsAffected(); err != nil || moved == 0 {
		return errors.Join(err, view.ErrCheckpointMoved)
	}
	put := tx.StmtContext(ctx, s.putAccount)
	for _, a := range changes.Accounts {
		_, err := put.ExecContext(ctx, a.ID, a.Owner, a.Currency, a.Balance, a.Version,
			a.OpenedAt.UnixMicro(), a.UpdatedAt.UnixMicro())
		if err != nil {
			return fmt.Errorf("put account %s: %w", a.ID, err)
		}
	}
	add := tx.StmtContext(ctx, s.addLine)
	for _, l := range changes.Transactions {
		_, err := add.ExecContext(ctx, l.Account, l.Version, l.Position, l.Type, l.Currency, l.Amount, l.BalanceAfter,
			l.OccurredAt.UnixMicro(), l.Reference, l.Memo)
		if err != nil {
			return fmt.Errorf("add line %d of %s: %w", l.Version, l.Account, err)
		}
	}
	return nil
}
