package ledger

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed schema.sql
var schema string

// The four statements.
const (
	insertKey     = `INSERT INTO keys (account, key, amount) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	selectAccount = `SELECT balance, version FROM accounts WHERE id = $1 FOR UPDATE`
	updateBalance = `UPDATE accounts SET balance = $2, version = $3 WHERE id = $1`
	insertEntry   = `INSERT INTO entries (account, version, amount, balance, key, reference)
		VALUES ($1, $2, $3, $4, $5, $6)`
)

// single does all of it at once. The update locks the account's row. A key that
// exists already fails the second insert, and with it the whole statement.
//
//go:embed single.sql
var single string

const selectEntry = `
SELECT k.amount, e.balance, e.version FROM keys k
JOIN entries e ON e.account = k.account AND e.key = k.key
WHERE k.account = $1 AND k.key = $2`

// Move changes the balance of an account.
type Move struct {
	Account   string `json:"account"`
	Key       string `json:"key"`
	Amount    int64  `json:"amount"` // in cents; less than 0 takes out
	Reference string `json:"reference"`
}

// Moved is the result of a move.
type Moved struct {
	Balance  int64 `json:"balance"` // in cents
	Version  int64 `json:"version"`
	Replayed bool  `json:"replayed"`
}

// The refusals.
var (
	ErrNoAccount = errors.New("there is no such account")
	ErrFunds     = errors.New("the balance would fall below zero")
	ErrConflict  = errors.New("the key belongs to another request")
)

// Ledger is a ledger in a database.
type Ledger struct{ db *pgxpool.Pool }

// Open connects to a database and creates missing tables.
func Open(ctx context.Context, database string, connections int32) (*Ledger, error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, fmt.Errorf("the database's address: %w", err)
	}
	config.MaxConns, config.MinConns = connections, connections
	db, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(ctx, schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("make the tables: %w", err)
	}
	return &Ledger{db}, nil
}

func (l *Ledger) Close() { l.db.Close() }

// OpenAccounts creates missing accounts.
func (l *Ledger) OpenAccounts(ctx context.Context, ids []string) error {
	_, err := l.db.Exec(ctx,
		`INSERT INTO accounts (id, currency) SELECT unnest($1::text[]), 'EUR' ON CONFLICT DO NOTHING`, ids)
	if err != nil {
		return fmt.Errorf("open accounts: %w", err)
	}
	_, err = l.db.Exec(ctx, `ANALYZE accounts`)
	return err
}

// FourStatements makes a move in a transaction of four statements.
func (l *Ledger) FourStatements(ctx context.Context, m Move) (moved Moved, err error) {
	err = pgx.BeginFunc(ctx, l.db, func(tx pgx.Tx) error {
		inserted, err := tx.Exec(ctx, insertKey, m.Account, m.Key, m.Amount)
		if err != nil {
			return err
		}
		if inserted.RowsAffected() == 0 {
			moved, err = replay(ctx, tx, m)
			return err
		}
		err = tx.QueryRow(ctx, selectAccount, m.Account).Scan(&moved.Balance, &moved.Version)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoAccount
		}
		if err != nil {
			return err
		}
		if moved.Balance+m.Amount < 0 {
			return ErrFunds
		}
		moved.Balance, moved.Version = moved.Balance+m.Amount, moved.Version+1
		if _, err := tx.Exec(ctx, updateBalance, m.Account, moved.Balance, moved.Version); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertEntry, m.Account, moved.Version, m.Amount, moved.Balance, m.Key, m.Reference)
		return err
	})
	return moved, err
}

// uniqueViolation is PostgreSQL's code for a duplicate key.
const uniqueViolation = "23505"

// SingleStatement makes a move in one statement.
func (l *Ledger) SingleStatement(ctx context.Context, m Move) (moved Moved, err error) {
	err = l.db.QueryRow(ctx, single, m.Account, m.Key, m.Amount, m.Reference).Scan(&moved.Balance, &moved.Version)
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return moved, nil
	case errors.As(err, &refused) && refused.Code == uniqueViolation:
		return replay(ctx, l.db, m)
	case errors.Is(err, pgx.ErrNoRows):
		return l.explain(ctx, m)
	}
	return Moved{}, err
}

// explain returns why a statement moved no account: it may have moved before.
func (l *Ledger) explain(ctx context.Context, m Move) (Moved, error) {
	moved, err := replay(ctx, l.db, m)
	if !errors.Is(err, pgx.ErrNoRows) {
		return moved, err
	}
	var there bool
	err = l.db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM accounts WHERE id = $1)`, m.Account).Scan(&there)
	if err != nil {
		return Moved{}, err
	}
	if !there {
		return Moved{}, ErrNoAccount
	}
	return Moved{}, ErrFunds
}

type querier interface {
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}

// replay returns the first answer to a key; pgx.ErrNoRows if there was none.
func replay(ctx context.Context, q querier, m Move) (Moved, error) {
	moved, amount := Moved{Replayed: true}, int64(0)
	if err := q.QueryRow(ctx, selectEntry, m.Account, m.Key).Scan(&amount, &moved.Balance, &moved.Version); err != nil {
		return Moved{}, err
	}
	if amount != m.Amount {
		return Moved{}, ErrConflict
	}
	return moved, nil
}

// Totals are the sums over all accounts.
type Totals struct {
	Entries  int64 `json:"entries"`
	Balances int64 `json:"balances"` // in cents
}

func (l *Ledger) Totals(ctx context.Context) (t Totals, err error) {
	err = l.db.QueryRow(ctx,
		`SELECT (SELECT count(*) FROM entries), (SELECT coalesce(sum(balance), 0)::bigint FROM accounts)`).
		Scan(&t.Entries, &t.Balances)
	return t, err
}
