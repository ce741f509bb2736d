package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Reader answers queries from the file. It is safe for concurrent use and
// never waits for the writer.
type Reader struct {
	db                               *sql.DB
	account, checkpoint, transaction *sql.Stmt
	newest, oldest                   *sql.Stmt
	newestOfType, oldestOfType       *sql.Stmt
}

var _ view.Reader = (*Reader)(nil)

const (
	accountColumns = "id, owner, currency, balance, version, opened_at, updated_at, stale_reason, stale_position, stale_version, stale_since"
	lineColumns    = "version, position, type, currency, amount, balance_after, occurred_at, reference, memo"
	number         = "(SELECT number FROM accounts WHERE id = ?)"
	between        = " AND version > ? AND version < ? ORDER BY version "

	linesOf     = "SELECT " + lineColumns + " FROM history WHERE account = " + number
	oneLine     = linesOf + " AND version = ?"
	newestLines = linesOf + between + "DESC LIMIT ?"
	oldestLines = linesOf + between + "ASC LIMIT ?"
	// The planner knows nothing of how rare a type is, so it is told.
	linesOfType       = "SELECT " + lineColumns + " FROM history INDEXED BY history_by_type WHERE account = " + number + " AND type = ?"
	newestLinesOfType = linesOfType + between + "DESC LIMIT ?"
	oldestLinesOfType = linesOfType + between + "ASC LIMIT ?"
)

func newReader(ctx context.Context, db *sql.DB) (*Reader, error) {
	r := &Reader{db: db}
	return r, prepare(ctx, db, map[**sql.Stmt]string{
		&r.account:      "SELECT " + accountColumns + " FROM accounts WHERE id = ?",
		&r.checkpoint:   "SELECT position FROM checkpoint",
		&r.transaction:  oneLine,
		&r.newest:       newestLines,
		&r.oldest:       oldestLines,
		&r.newestOfType: newestLinesOfType,
		&r.oldestOfType: oldestLinesOfType,
	})
}

// prepare fills in the statements. The database closes them with itself.
func prepare(ctx context.Context, db *sql.DB, statements map[**sql.Stmt]string) error {
	for target, text := range statements {
		statement, err := db.PrepareContext(ctx, text)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", text, err)
		}
		*target = statement
	}
	return nil
}

// Close releases the file.
func (r *Reader) Close(context.Context) error { return r.db.Close() }

// Account is the document, or view.ErrNotFound.
func (r *Reader) Account(ctx context.Context, id bank.AccountID) (view.Account, error) {
	account, err := scanAccount(r.account.QueryRowContext(ctx, id))
	if err != nil {
		return view.Account{}, fmt.Errorf("read account %s: %w", id, notFound(err))
	}
	return account, nil
}

// Transaction is one history line, or view.ErrNotFound.
func (r *Reader) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	line, err := scanLine(r.transaction.QueryRowContext(ctx, id, version), id)
	if err != nil {
		return view.Transaction{}, fmt.Errorf("read line %d of %s: %w", version, id, notFound(err))
	}
	return line, nil
}

// Checkpoint is the last position that the views reflect.
func (r *Reader) Checkpoint(ctx context.Context) (int64, error) {
	var position int64
	if err := r.checkpoint.QueryRowContext(ctx).Scan(&position); err != nil {
		return 0, fmt.Errorf("read the checkpoint: %w", err)
	}
	return position, nil
}

// row is one row of a result: *sql.Row or *sql.Rows.
type row interface{ Scan(into ...any) error }

func scanAccount(r row) (view.Account, error) {
	var a view.Account
	var opened, updated int64
	var stale staleColumns
	err := r.Scan(&a.ID, &a.Owner, &a.Currency, &a.Balance, &a.Version, &opened, &updated,
		&stale.reason, &stale.position, &stale.version, &stale.since)
	a.OpenedAt, a.UpdatedAt = time.UnixMicro(opened).UTC(), time.UnixMicro(updated).UTC()
	a.Stale = stale.value()
	return a, err
}

func scanLine(r row, id bank.AccountID) (view.Transaction, error) {
	l := view.Transaction{Account: id}
	var occurred int64
	err := r.Scan(&l.Version, &l.Position, &l.Type, &l.Currency, &l.Amount, &l.BalanceAfter,
		&occurred, &l.Reference, &l.Memo)
	l.OccurredAt = time.UnixMicro(occurred).UTC()
	return l, err
}

// notFound translates the way in which SQL says that there is no row.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return view.ErrNotFound
	}
	return err
}
