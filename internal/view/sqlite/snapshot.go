package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// everyLine reads the history in the order of its storage. Lines whose account
// has no row get an id made of its number.
const everyLine = "SELECT coalesce(accounts.id, 'number ' || account), history.version, position, type, credit, " +
	"history.currency, amount, balance_after, occurred_at, effective_at, caller, reference, memo, " +
	"history.external_id, counterparty, transfer, more " +
	"FROM history LEFT JOIN accounts ON number = account ORDER BY account, history.version"

// Snapshot is the views as of now. While it is open, the write-ahead log of the
// file grows with everything that the projector writes.
func (r *Reader) Snapshot(ctx context.Context) (view.Snapshot, error) {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("take a snapshot: %w", err)
	}
	s := &snapshot{tx: tx}
	// The first read fixes the state that the transaction sees.
	err = tx.QueryRowContext(ctx, "SELECT position, trial FROM checkpoint").Scan(&s.checkpoint, decoded{&s.trial})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take a snapshot: %w", err), tx.Rollback())
	}
	return s, nil
}

// snapshot is a read-only transaction.
type snapshot struct {
	tx         *sql.Tx
	checkpoint int64
	trial      view.Trial
}

func (s *snapshot) Trial() view.Trial { return s.trial }

func (s *snapshot) Checkpoint() int64 { return s.checkpoint }

// Close ends the transaction, unless the end of its context has ended it.
func (s *snapshot) Close(context.Context) error {
	if err := s.tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

func (s *snapshot) Accounts(ctx context.Context) iter.Seq2[view.Account, error] {
	return each(ctx, s.tx, "SELECT "+accountColumns+" FROM accounts", scanAccount)
}

func (s *snapshot) Transactions(ctx context.Context) iter.Seq2[view.Transaction, error] {
	return each(ctx, s.tx, everyLine, func(r row) (view.Transaction, error) {
		var id bank.AccountID
		line, err := scanLine(after{r, &id}, "")
		line.Account = id
		return line, err
	})
}

func (s *snapshot) References(ctx context.Context) iter.Seq2[view.Reference, error] {
	return each(ctx, s.tx, "SELECT key, record FROM links", func(r row) (view.Reference, error) {
		var link view.Reference
		err := r.Scan(&link.Key, decoded{&link.Record})
		return link, err
	})
}

func (s *snapshot) States(ctx context.Context) iter.Seq2[view.State, error] {
	return each(ctx, s.tx, "SELECT state, position FROM states", scanState)
}

// after is a row whose first column is scanned into another value.
type after struct {
	row
	first any
}

func (a after) Scan(into ...any) error { return a.row.Scan(append([]any{a.first}, into...)...) }

// each yields the rows of a query.
func each[T any](ctx context.Context, tx *sql.Tx, query string, scan func(row) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			yield(none, fmt.Errorf("read a snapshot: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			found, err := scan(rows)
			if err != nil {
				yield(none, fmt.Errorf("read a snapshot: %w", err))
				return
			}
			if !yield(found, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, fmt.Errorf("read a snapshot: %w", err))
		}
	}
}
