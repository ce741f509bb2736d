package actor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// Bounds of a turn.
const (
	// turnBudget is how long a turn tries before it answers unavailable or
	// unknown.
	turnBudget = 8 * time.Second
	retryLeast = 20 * time.Millisecond
	retryMost  = 500 * time.Millisecond
	// snapshotEvery is how many events a snapshot lags behind at most.
	snapshotEvery = 200
)

// account is the actor of one account.
type account struct {
	id        bank.AccountID
	log       Log
	snapshots *snapshots
	clock     func() time.Time
	keysKept  int

	mu sync.Mutex // Dapr gives turns one by one; a frozen host may see two
	// now is the time of the turn. All its attempts decide at that time: an
	// append whose outcome is not known may still happen, so what comes after it
	// at the same version has to be the same.
	now      time.Time
	askers   []asker // who gives the commands of the turn
	loaded   bool
	state    bank.Account
	keys     *bank.Keys
	snapshot int64 // version of the last snapshot
	distrust bool  // the snapshot was proven wrong: read the log alone
}

// execute is one turn: it decides the commands in order and appends what they
// become, together.
func (a *account) execute(ctx context.Context, batch contract.CommandBatch, askers []asker) []contract.Outcome {
	a.mu.Lock()
	defer a.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, turnBudget)
	defer cancel()
	a.now, a.askers = a.clock().UTC().Truncate(time.Microsecond), askers
	doubt := false // an append of this turn has an unknown outcome
	for pause := retryLeast; ; pause = min(2*pause, retryMost) {
		outcomes, err := a.attempt(ctx, batch)
		if err == nil {
			return outcomes
		}
		doubt = doubt || errors.Is(err, errUnknownOutcome)
		if errors.Is(err, errHalted) || errors.Is(err, errUnreadable) || !app.Pause(ctx, pause) {
			slog.Warn("turn gave up", "account", a.id, "commands", len(batch.Commands), "unknown", doubt, "error", err)
			return gaveUp(batch.Commands, doubt, err)
		}
	}
}

// Reasons for another attempt.
var (
	errUnknownOutcome = errors.New("the append's outcome is not known")
	errLostRace       = errors.New("the stream has moved on")
	errNotTaken       = errors.New("the event source takes no appends now")
	// errForgotten is one with all keys looked up.
	errForgotten = errors.New("a key may be that of an event which the actor has forgotten")
	// errHalted is one for none.
	errHalted     = errors.New("the event source takes no appends before somebody has mended it")
	errUnreadable = errors.New("the account's history cannot be read; no command can be decided before somebody has mended it")
)

func gaveUp(commands []contract.Command, doubt bool, err error) []contract.Outcome {
	status := contract.Unavailable
	if doubt {
		status = contract.Unknown
	}
	outcomes := make([]contract.Outcome, len(commands))
	for i := range outcomes {
		outcomes[i] = contract.Outcome{Status: status, Reason: err.Error()}
	}
	return outcomes
}

// attempt decides on what the actor knows. An error means that nothing of it
// may be answered; what the actor knew is forgotten if the log may have moved.
//
// A key that may be that of a forgotten event is most likely new. So the log
// looks for it as it appends, which spares a call; only if that or the outcome
// speaks against a new one is it looked up, and all decided again.
func (a *account) attempt(ctx context.Context, batch contract.CommandBatch) ([]contract.Outcome, error) {
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	outcomes, err := a.attemptWith(ctx, batch, batch.DryRun)
	if errors.Is(err, errForgotten) {
		outcomes, err = a.attemptWith(ctx, batch, true)
	}
	return outcomes, err
}

// attemptWith decides with all keys looked up that may have an event, or with none
// if the actor remembers none of them.
func (a *account) attemptWith(ctx context.Context, batch contract.CommandBatch, all bool) ([]contract.Outcome, error) {
	known, err := a.recall(ctx, batch.Commands, all)
	if err != nil {
		return nil, err
	}
	t, err := a.decide(ctx, batch, known, nil)
	if err != nil {
		return nil, err
	}
	if t.unsure && (t.claim != nil || !t.appliesAll()) {
		return nil, errForgotten
	}
	if t.claim != nil {
		if t, err = a.claimed(ctx, batch, known, t); err != nil {
			return nil, err
		}
	}
	if len(t.records) == 0 || batch.DryRun {
		return t.outcomes, a.confirm(ctx, t)
	}
	return a.append(ctx, batch, t)
}

// append makes what a turn decided durable, if it was decided on the newest
// state.
func (a *account) append(ctx context.Context, batch contract.CommandBatch, t turn) ([]contract.Outcome, error) {
	result, err := a.log.Append(ctx, contract.Append{Account: a.id, ExpectedVersion: a.state.Version, CheckKeys: t.unsure, Records: t.records})
	if err != nil {
		a.forget()
		return nil, fmt.Errorf("%w: %w", errUnknownOutcome, err)
	}
	switch result.Status {
	case contract.Appended:
		a.accept(t, result.FirstPosition)
		return t.outcomes, nil
	case contract.VersionConflict:
		a.forget()
		a.distrust = true
		return nil, fmt.Errorf("%w: %s", errLostRace, result.Reason)
	case contract.KeysUsed:
		return nil, errForgotten
	case contract.Overloaded:
		return nil, fmt.Errorf("%w: %s", errNotTaken, result.Reason)
	case contract.Halted:
		return nil, fmt.Errorf("%w: %s", errHalted, result.Reason)
	case contract.AppendInvalid:
		return invalid(batch.Commands, result.Reason), nil
	default:
		a.forget()
		return nil, fmt.Errorf("%w: %s", errUnknownOutcome, result.Reason)
	}
}

func invalid(commands []contract.Command, reason string) []contract.Outcome {
	outcomes := make([]contract.Outcome, len(commands))
	for i := range outcomes {
		outcomes[i] = contract.Outcome{Status: contract.Invalid, Reason: reason}
	}
	return outcomes
}

// confirm makes sure that a turn which refuses or predicts knew the newest
// state. Replays need no confirmation: what was in the log stays there.
func (a *account) confirm(ctx context.Context, t turn) error {
	if !t.predicts {
		return nil
	}
	newer, err := a.log.ReadStream(ctx, contract.ReadStreamRequest{Account: a.id, AfterVersion: a.state.Version, Limit: 1})
	if err != nil {
		return fmt.Errorf("confirm version %d of %s: %w", a.state.Version, a.id, err)
	}
	if len(newer.Records) > 0 {
		a.forget()
		return errLostRace
	}
	return nil
}

// accept makes the turn's result the actor's state, now that it is durable.
func (a *account) accept(t turn, position int64) {
	for i := range t.records {
		t.records[i].Position = position + int64(i)
		a.keys.Remember(t.records[i].Key, t.records[i].Version)
	}
	a.state = t.state
	if a.state.Version-a.snapshot >= snapshotEvery {
		a.save()
	}
}

// forget drops what the actor knows; the next attempt reads it again.
func (a *account) forget() { a.loaded = false }

// load makes sure that the actor knows its account: from the snapshot, if
// there is a sound one, and the log after it.
func (a *account) load(ctx context.Context) error {
	if a.loaded {
		return nil
	}
	start := snapshot{State: bank.Account{ID: a.id}}
	if !a.distrust {
		if kept, ok := a.snapshots.load(ctx, a.id); ok {
			start = kept
		}
	}
	state, keys := start.State, bank.RestoreKeys(a.keysKept, start.Keys, start.Forgot)
	err := logclient.ReadStream(ctx, a.log, a.id, state.Version, func(r contract.Record, _ int) (err error) {
		keys.Remember(r.Key, r.Version)
		if state, err = contract.Fold(state, r); err != nil && start.State.Version == 0 {
			err = fmt.Errorf("%w: %w", errUnreadable, err)
		}
		a.distrust = a.distrust || err != nil
		return err
	})
	if err != nil {
		return err
	}
	a.state, a.keys, a.snapshot, a.loaded, a.distrust = state, keys, start.State.Version, true, false
	return nil
}

// save hands a snapshot to be kept. It may not be; nothing depends on it.
func (a *account) save() {
	a.snapshots.keep(a.state, a.keys)
	a.snapshot = a.state.Version
}

// rest ends the actor's time in memory.
func (a *account) rest() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.loaded && a.state.Version > a.snapshot {
		a.save()
	}
}
