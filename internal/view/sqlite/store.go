package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Store is a Reader that a projector writes to. It is safe for concurrent use;
// writes run one after the other.
type Store struct {
	*Reader
	write                                        *sql.DB
	accounts                                     *sql.Stmt
	moveCheckpoint, addReference                 *sql.Stmt
	addLines                                     [len(linesPerInsert)]*sql.Stmt
	numbers                                      *sql.Stmt
	changeAccount, putAccount                    *sql.Stmt
	addState, addTrial                           *sql.Stmt
	removeLines, removeReferences, removeStates  *sql.Stmt
	trialAtCheckpoint, trialsSince, correctTrial *sql.Stmt
}

var _ view.Store = (*Store)(nil)

const (
	// changeAccount writes the columns that change often. It matches only documents
	// whose other columns are unchanged, and so does not write their indexes.
	changeAccount = "UPDATE accounts SET version = ?, state = ?, " +
		"stale_reason = ?, stale_position = ?, stale_version = ?, stale_since = ? " +
		"WHERE id = ? AND opened = ? AND owner = ? AND kind = ? AND currency = ? AND external_id IS ?"
	putAccount = "INSERT INTO accounts (version, state, stale_reason, stale_position, stale_version, stale_since, " +
		"id, opened, owner, kind, currency, external_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) " +
		"ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, " +
		"stale_reason = excluded.stale_reason, stale_position = excluded.stale_position, " +
		"stale_version = excluded.stale_version, stale_since = excluded.stale_since, opened = excluded.opened, " +
		"owner = excluded.owner, kind = excluded.kind, currency = excluded.currency, external_id = excluded.external_id"
)

func newStore(ctx context.Context, write *sql.DB, reader *Reader) (*Store, error) {
	s := &Store{Reader: reader, write: write}
	writing := map[**sql.Stmt]string{
		&s.moveCheckpoint: "UPDATE checkpoint SET position = ?, trial = ?, marked = ? WHERE position = ?",
		&s.changeAccount:  changeAccount,
		&s.putAccount:     putAccount,
		&s.numbers:        "SELECT number, id FROM accounts WHERE id IN (SELECT value FROM json_each(?))",
		&s.addReference:   "INSERT INTO links (account, key, position, record) VALUES (" + number + ", ?, ?, ?)",
		&s.addState: "INSERT INTO states (account, version, changed_at, position, state) " +
			"VALUES (" + number + ", ?, ?, ?, ?)",
		&s.addTrial:          "INSERT INTO trials (position, at, trial) VALUES (?, ?, ?)",
		&s.removeLines:       "DELETE FROM history WHERE account = " + number,
		&s.removeReferences:  "DELETE FROM links WHERE account = " + number,
		&s.removeStates:      "DELETE FROM states WHERE account = " + number,
		&s.trialAtCheckpoint: "SELECT trial FROM checkpoint WHERE position = ?",
		&s.trialsSince:       "SELECT trial FROM trials WHERE position >= ?",
		&s.correctTrial:      "UPDATE trials SET trial = ? WHERE position = ?",
	}
	for i, n := range linesPerInsert {
		writing[&s.addLines[i]] = insertLines(n)
	}
	if err := prepare(ctx, write, writing); err != nil {
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
	found, err := collect(ctx, s.accounts, scanAccount, string(list))
	if err != nil {
		return nil, fmt.Errorf("read %d accounts: %w", len(ids), err)
	}
	accounts := make(map[bank.AccountID]view.Account, len(ids))
	for _, account := range found {
		accounts[account.ID] = account
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
		if err := s.move(ctx, tx, changes.From, changes.LogCheckpoint(), changes.Trial); err != nil {
			return err
		}
		if err := s.put(ctx, tx, changes.Accounts, changes.Transactions); err != nil {
			return err
		}
		if err := s.index(ctx, tx, changes.References, changes.States); err != nil {
			return err
		}
		return s.retain(ctx, tx, changes.PastTrials)
	})
	if err != nil {
		return fmt.Errorf("apply %d to %d: %w", changes.From+1, changes.To, err)
	}
	return nil
}

// transact runs do in one transaction.
func (s *Store) transact(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	// The transaction ends with ctx. Watching ctx in every statement as well costs
	// a third of the speed.
	if err := do(context.WithoutCancel(ctx), tx); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	return tx.Commit()
}

// move moves the checkpoint, which must be at from.
func (s *Store) move(
	ctx context.Context, tx *sql.Tx, from int64, to contract.Checkpoint, trial view.Trial,
) error {
	text, err := json.Marshal(trial)
	if err != nil {
		return err
	}
	marked, err := json.Marshal(to)
	if err != nil {
		return err
	}
	result, err := tx.StmtContext(ctx, s.moveCheckpoint).
		ExecContext(ctx, to.Position, string(text), string(marked), from)
	if err != nil {
		return err
	}
	if moved, err := result.RowsAffected(); err != nil || moved == 0 {
		return errors.Join(err, view.ErrCheckpointMoved)
	}
	return nil
}

func (s *Store) put(ctx context.Context, tx *sql.Tx, accounts []view.Account, lines []view.Transaction) error {
	change, put := tx.StmtContext(ctx, s.changeAccount), tx.StmtContext(ctx, s.putAccount)
	for _, a := range accounts {
		if err := putOne(ctx, change, put, a); err != nil {
			return fmt.Errorf("put account %s: %w", a.ID, err)
		}
	}
	return s.add(ctx, tx, lines)
}

func putOne(ctx context.Context, change, put *sql.Stmt, a view.Account) error {
	state, err := json.Marshal(a.Account)
	if err != nil {
		return err
	}
	stale := columnsOf(a.Stale)
	args := []any{a.Version, string(state), stale.reason, stale.position, stale.version, stale.since,
		a.ID, a.Opened, a.Owner, a.Kind, a.Currency, text(a.ExternalID)}
	result, err := change.ExecContext(ctx, args...)
	if err != nil {
		return err
	}
	if changed, err := result.RowsAffected(); err != nil || changed > 0 {
		return err
	}
	_, err = put.ExecContext(ctx, args...)
	return err
}

// text is null for an empty text.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}
