package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Reader answers queries from the file. It is safe for concurrent use and never
// waits for the writer.
type Reader struct {
	db                               *sql.DB
	account, checkpoint, transaction *sql.Stmt
	byExternalID                     *sql.Stmt
	referencesOf, stateOf, stateAt   *sql.Stmt
	turnedBack, lastStateAt          *sql.Stmt
	trialNow, trialOf, trialAt       *sql.Stmt
	// ranges are the prepared statements of the most frequent queries for lines.
	ranges map[string]*sql.Stmt
}

var _ view.Reader = (*Reader)(nil)

const (
	accountColumns = "state, opened, stale_reason, stale_position, stale_version, stale_since"
	lineColumns    = "version, position, type, credit, currency, amount, balance_after, occurred_at, effective_at, " +
		"caller, reference, memo, external_id, counterparty, transfer, more"
	number  = "(SELECT number FROM accounts WHERE id = ?)"
	oneLine = "SELECT " + lineColumns + " FROM history WHERE account = " + number + " AND version = ?"
)

func newReader(ctx context.Context, db *sql.DB) (*Reader, error) {
	r := &Reader{db: db, ranges: make(map[string]*sql.Stmt)}
	err := prepare(ctx, db, map[**sql.Stmt]string{
		&r.account:      "SELECT " + accountColumns + " FROM accounts WHERE id = ?",
		&r.byExternalID: "SELECT " + accountColumns + " FROM accounts WHERE external_id = ? ORDER BY number LIMIT 1",
		&r.checkpoint:   "SELECT position, marked FROM checkpoint",
		&r.transaction:  oneLine,
		&r.referencesOf: referencesOf, &r.stateOf: stateOf, &r.stateAt: stateAt,
		&r.turnedBack: turnedBack, &r.lastStateAt: lastStateAt,
		&r.trialNow: trialNow, &r.trialOf: trialOf, &r.trialAt: trialAt,
	})
	if err != nil {
		return nil, err
	}
	for _, common := range []view.Range{{}, {Filter: view.Filter{Types: make([]bank.EntryType, 1)}}} {
		for _, common.NewestFirst = range []bool{true, false} {
			text, _ := rangeQuery(common)
			var statement *sql.Stmt
			if err := prepare(ctx, db, map[**sql.Stmt]string{&statement: text}); err != nil {
				return nil, err
			}
			r.ranges[text] = statement
		}
	}
	return r, nil
}

// prepare prepares the statements. Closing the database closes them.
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
	at, err := r.LogCheckpoint(ctx)
	return at.Position, err
}

// LogCheckpoint is that position with the log and the mark of the record there.
func (r *Reader) LogCheckpoint(ctx context.Context) (contract.Checkpoint, error) {
	var position int64
	var marked string
	if err := r.checkpoint.QueryRowContext(ctx).Scan(&position, &marked); err != nil {
		return contract.Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	return view.ReadLogCheckpoint(position, marked)
}

// row is a *sql.Row or the current row of *sql.Rows.
type row interface{ Scan(into ...any) error }

func scanAccount(r row) (view.Account, error) {
	var a view.Account
	var stale staleColumns
	err := r.Scan(decoded{&a.Account}, &a.Opened, &stale.reason, &stale.position, &stale.version, &stale.since)
	a.Stale = stale.value()
	return a, err
}

func scanLine(r row, id bank.AccountID) (view.Transaction, error) {
	l := view.Transaction{Account: id}
	var occurred int64
	var effective sql.NullInt64
	var reference, memo, externalID, counterparty, transfer, more sql.NullString
	err := r.Scan(&l.Version, &l.Position, &l.Type, &l.Credit, &l.Currency, &l.Amount, &l.BalanceAfter,
		&occurred, &effective, &l.Caller, &reference, &memo, &externalID, &counterparty, &transfer, &more)
	l.OccurredAt = time.UnixMicro(occurred).UTC()
	l.EffectiveAt = l.OccurredAt
	if effective.Valid {
		l.EffectiveAt = time.UnixMicro(effective.Int64).UTC()
	}
	l.Reference, l.Memo, l.ExternalID = reference.String, memo.String, externalID.String
	l.Counterparty, l.Transfer = bank.AccountID(counterparty.String), bank.TransferID(transfer.String)
	if err == nil && more.Valid {
		err = addMore(&l, more.String)
	}
	return l, err
}

// rareFields are the content of the column more.
type rareFields struct {
	Journal          bank.JournalID  `json:"journal,omitempty"`
	Hold             int64           `json:"hold,omitempty"`
	Reverses         int64           `json:"reverses,omitempty"`
	ReversesTransfer bank.TransferID `json:"reversesTransfer,omitempty"`
	Reason           string          `json:"reason,omitempty"`
}

// moreOf is null for most lines.
func moreOf(l view.Transaction) (any, error) {
	found := rareFields{l.Journal, l.Hold, l.Reverses, l.ReversesTransfer, l.Reason}
	if found == (rareFields{}) {
		return nil, nil
	}
	more, err := json.Marshal(found)
	return string(more), err
}

func addMore(l *view.Transaction, more string) error {
	var found rareFields
	err := json.Unmarshal([]byte(more), &found)
	l.Journal, l.Hold, l.Reason = found.Journal, found.Hold, found.Reason
	l.Reverses, l.ReversesTransfer = found.Reverses, found.ReversesTransfer
	return err
}

// effectiveOf is null where a line is effective when it occurred.
func effectiveOf(l view.Transaction) any {
	if l.EffectiveAt.Equal(l.OccurredAt) {
		return nil
	}
	return l.EffectiveAt.UnixMicro()
}

// collect returns the rows of a query.
func collect[T any](ctx context.Context, query *sql.Stmt, scan func(row) (T, error), args ...any) ([]T, error) {
	rows, err := query.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, scan)
}

func scanAll[T any](rows *sql.Rows, scan func(row) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// notFound translates the error of a query without rows.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return view.ErrNotFound
	}
	return err
}
