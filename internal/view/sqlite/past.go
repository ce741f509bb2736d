package sqlite

import (
	"cmp"
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

// index adds references and states. Their accounts must exist.
func (s *Store) index(ctx context.Context, tx *sql.Tx, references []view.Reference, states []view.State) error {
	for _, r := range references {
		record, err := json.Marshal(r.Record)
		if err == nil {
			_, err = tx.StmtContext(ctx, s.addReference).
				ExecContext(ctx, r.Record.Account, r.Key, r.Record.Position, string(record))
		}
		if err != nil {
			return fmt.Errorf("index position %d under %s: %w", r.Record.Position, r.Key, err)
		}
	}
	for _, state := range states {
		a := state.Account
		text, err := json.Marshal(a)
		if err == nil {
			_, err = tx.StmtContext(ctx, s.addState).
				ExecContext(ctx, a.ID, a.Version, a.ChangedAt.UnixMicro(), state.Position, string(text))
		}
		if err != nil {
			return fmt.Errorf("retain version %d of %s: %w", a.Version, a.ID, err)
		}
	}
	return nil
}

// retain adds past trial balances.
func (s *Store) retain(ctx context.Context, tx *sql.Tx, trials []view.Trial) error {
	for _, trial := range trials {
		text, err := json.Marshal(trial)
		if err == nil {
			_, err = tx.StmtContext(ctx, s.addTrial).ExecContext(ctx, trial.Position, trial.At.UnixMicro(), string(text))
		}
		if err != nil {
			return fmt.Errorf("retain the trial balance at %d: %w", trial.Position, err)
		}
	}
	return nil
}

// Replace replaces everything of one account, in one transaction, or does
// nothing and returns an error.
func (s *Store) Replace(ctx context.Context, r view.Replacement) error {
	if err := r.Check(); err != nil {
		return err
	}
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.correct(ctx, tx, r); err != nil {
			return err
		}
		for _, remove := range []*sql.Stmt{s.removeLines, s.removeReferences, s.removeStates} {
			if _, err := tx.StmtContext(ctx, remove).ExecContext(ctx, r.Account.ID); err != nil {
				return err
			}
		}
		if err := s.put(ctx, tx, []view.Account{r.Account}, r.Transactions); err != nil {
			return err
		}
		return s.index(ctx, tx, r.References, r.States)
	})
	if err != nil {
		return fmt.Errorf("replace account %s at position %d: %w", r.Account.ID, r.At, err)
	}
	return nil
}

// correct checks the checkpoint and adds the missing postings to the trial
// balances.
func (s *Store) correct(ctx context.Context, tx *sql.Tx, r view.Replacement) error {
	now, err := scanTrial(tx.StmtContext(ctx, s.trialAtCheckpoint).QueryRowContext(ctx, r.At))
	if errors.Is(err, sql.ErrNoRows) {
		return view.ErrCheckpointMoved
	}
	if err != nil {
		return err
	}
	var marked string
	if err := tx.QueryRowContext(ctx, "SELECT marked FROM checkpoint").Scan(&marked); err != nil {
		return err
	}
	at, err := view.ReadLogCheckpoint(r.At, marked)
	if err != nil {
		return err
	}
	if err := s.move(ctx, tx, r.At, at, now.With(r.Missing)); err != nil || len(r.Missing) == 0 {
		return err
	}
	var stale bool
	err = tx.QueryRowContext(ctx, "SELECT stale_position IS NOT NULL FROM accounts WHERE id = ?", r.Account.ID).
		Scan(&stale)
	if err != nil || !stale {
		return cmp.Or(err, view.ErrCheckpointMoved)
	}
	past, err := collect(ctx, tx.StmtContext(ctx, s.trialsSince), scanTrial, r.Missing[0].Position)
	if err != nil {
		return err
	}
	for _, trial := range past {
		text, err := json.Marshal(trial.With(r.Missing))
		if err != nil {
			return err
		}
		if _, err := tx.StmtContext(ctx, s.correctTrial).ExecContext(ctx, string(text), trial.Position); err != nil {
			return err
		}
	}
	return nil
}

const (
	referencesOf = "SELECT record FROM links WHERE key = ? ORDER BY position LIMIT ?"
	stateOf      = "SELECT state, position FROM states WHERE account = " + number +
		" AND version <= ? ORDER BY version DESC LIMIT 1"
	stateAt = "SELECT version FROM states WHERE account = " + number +
		" AND changed_at <= ? ORDER BY changed_at DESC, version DESC LIMIT 1"
	// lastStateAt looks at the states from the newest on: those of an account that
	// has turned back are not in the order of their times.
	lastStateAt = "SELECT version FROM states WHERE account = " + number +
		" AND version <= ? AND changed_at <= ? ORDER BY version DESC LIMIT 1"
	turnedBack = "SELECT coalesce(json_extract(state, '$.turnedBack'), 0) FROM accounts WHERE id = ?"
	trialNow   = "SELECT trial FROM checkpoint"
	trialOf    = "SELECT trial FROM trials WHERE position <= ? ORDER BY position DESC LIMIT 1"
	trialAt    = "SELECT position FROM trials WHERE at <= ? ORDER BY at DESC, position DESC LIMIT 1"
)

// References are the records under a key.
func (r *Reader) References(ctx context.Context, key string) ([]contract.Record, error) {
	records, err := collect(ctx, r.referencesOf, scanJSON[contract.Record], key, view.MaxReferences)
	if err != nil {
		return nil, fmt.Errorf("read the references under %s: %w", key, err)
	}
	return records, nil
}

// StateBefore is the newest history state that is not after a version and a
// time. Where times never went back within the account, the last version at the
// time is a bound like the version.
func (r *Reader) StateBefore(ctx context.Context, id bank.AccountID, version int64, t time.Time) (view.State, error) {
	var turned, bound int64
	err := r.turnedBack.QueryRowContext(ctx, id).Scan(&turned)
	switch {
	case err != nil:
	case turned > 0 && !t.IsZero():
		err = r.lastStateAt.QueryRowContext(ctx, id, version, t.UnixMicro()).Scan(&bound)
	default:
		bound, err = within(ctx, version, t, r.stateAt, id)
	}
	if err == nil {
		var state view.State
		if state, err = scanState(r.stateOf.QueryRowContext(ctx, id, bound)); err == nil {
			return state, nil
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return view.State{}, nil
	}
	return view.State{}, fmt.Errorf("read a history state of %s: %w", id, err)
}

// Trial is the trial balance at the checkpoint.
func (r *Reader) Trial(ctx context.Context) (view.Trial, error) {
	trial, err := scanTrial(r.trialNow.QueryRowContext(ctx))
	if err != nil {
		return view.Trial{}, fmt.Errorf("read the trial balance: %w", err)
	}
	return trial, nil
}

// TrialBefore is the newest past trial balance that is not after a position and
// a time. Their times never go back either.
func (r *Reader) TrialBefore(ctx context.Context, position int64, t time.Time) (view.Trial, error) {
	bound, err := within(ctx, position, t, r.trialAt)
	if err == nil {
		var trial view.Trial
		if trial, err = scanTrial(r.trialOf.QueryRowContext(ctx, bound)); err == nil {
			return trial, nil
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return view.Trial{}, nil
	}
	return view.Trial{}, fmt.Errorf("read a past trial balance: %w", err)
}

// within is the bound, or a lower one that a query finds for a time.
func within(ctx context.Context, bound int64, t time.Time, at *sql.Stmt, args ...any) (int64, error) {
	if t.IsZero() {
		return bound, nil
	}
	var last int64
	err := at.QueryRowContext(ctx, append(args, t.UnixMicro())...).Scan(&last)
	return min(bound, last), err
}

func scanTrial(r row) (view.Trial, error) { return scanJSON[view.Trial](r) }

func scanState(r row) (view.State, error) {
	var state view.State
	err := r.Scan(decoded{&state.Account}, &state.Position)
	return state, err
}

func scanJSON[T any](r row) (T, error) {
	var found T
	err := r.Scan(decoded{&found})
	return found, err
}

// decoded scans a JSON column into a value.
type decoded struct{ into any }

func (d decoded) Scan(column any) error {
	switch text := column.(type) {
	case string:
		return contract.Decode([]byte(text), d.into)
	case []byte:
		return contract.Decode(text, d.into)
	}
	return fmt.Errorf("a JSON column is %T", column)
}
