package actor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// Bounds of a turn.
const (
	// turnBudget is how long a turn tries before it answers unavailable or unknown.
	turnBudget = 8 * time.Second
	retryMin   = 20 * time.Millisecond
	retryMax   = 500 * time.Millisecond
)

// turn is what a turn was asked, and what its attempts have found out.
type turn struct {
	batch   contract.CommandBatch
	callers []caller // of the commands, authenticated
	spans   *turnSpans
	// now is the time of the turn, at which all attempts decide: an append whose outcome is not known may still
	// happen, so another attempt at the same version has to write the same.
	now time.Time
	// lookUp is set when all keys that may be those of forgotten events are to be looked up in the log.
	lookUp bool
	// taken are the external ids that other accounts turned out to have.
	taken map[string]bank.AccountID
	// doubt is set when an event of this turn may be in the log, or may still get there.
	doubt bool
}

// Reasons for another attempt.
var (
	errUnknownOutcome = errors.New("the append's outcome is not known")
	errLostRace       = errors.New("the stream has moved on")
	errNotTaken       = errors.New("the event source takes no appends now")
	errBusy           = errors.New("an earlier turn of the account has not ended")
	// errPerhapsOurs raises doubt: the event that an append met may be its own. An append may be delivered twice, and a
	// command to two hosts.
	errPerhapsOurs = errors.New("the event may be of this command")
	// errForgotten asks for an attempt with all keys looked up, at once.
	errForgotten = errors.New("a key may be that of an event which the actor has forgotten")
	// errTaken asks for an attempt that knows of the taken external id, at once.
	errTaken = errors.New("another account has the external id")
	// After errHalted and errUnreadable there is no other attempt.
	errHalted     = errors.New("the event source takes no appends until an operator repairs it")
	errUnreadable = errors.New("the account's history cannot be read; no command is decided until an operator repairs it")
)

// execute is one turn: it decides the commands in order and appends the events that they become, together.
func (a *account) execute(
	ctx context.Context, batch contract.CommandBatch, callers []caller, spans *turnSpans,
) []contract.Outcome {
	a.begin(context.WithoutCancel(ctx)) // every turn ends
	defer a.end()
	ctx, cancel := context.WithTimeout(tracing.WithCommands(ctx, batch.Commands), turnBudget)
	defer cancel()
	t := turn{batch: batch, callers: callers, spans: spans, lookUp: batch.DryRun,
		now: a.clock().UTC().Truncate(time.Microsecond)}
	for pause := retryMin; ; {
		outcomes, err := a.attempt(ctx, &t)
		if err == nil {
			return outcomes
		}
		t.doubt = t.doubt || errors.Is(err, errUnknownOutcome) || errors.Is(err, errPerhapsOurs)
		if errors.Is(err, errTaken) || errors.Is(err, errForgotten) && !t.lookUp {
			t.lookUp = true
			continue
		}
		if errors.Is(err, errHalted) || errors.Is(err, errUnreadable) || !app.Pause(ctx, pause) {
			slog.WarnContext(ctx, "turn gave up",
				"account", a.id, "commands", len(batch.Commands), "unknown", t.doubt, "error", err)
			return t.giveUp(err)
		}
		pause = min(2*pause, retryMax)
	}
}

// attempt is the way of the commands: the account is loaded, each command is decided, and the events are appended and
// applied. An error means that nothing of it may be answered; then the account is forgotten if the log may have moved.
//
// A key that may be that of a forgotten event is most likely new. So the log looks for it as it appends, which spares
// a call; only if that or the outcome speaks against a new key are keys looked up, in another attempt.
func (a *account) attempt(ctx context.Context, t *turn) ([]contract.Outcome, error) {
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	known, err := a.recall(ctx, t.batch.Commands, t.lookUp)
	if err != nil {
		return nil, err
	}
	d, err := a.decide(ctx, t, known)
	if err != nil {
		return nil, err
	}
	if known.unsure && (d.claim != nil || !d.appliesAll()) {
		return nil, errForgotten
	}
	if d.claim != nil {
		if err := a.settleClaim(ctx, t, &d); err != nil {
			return nil, err
		}
	}
	if len(d.records) == 0 || t.batch.DryRun {
		return d.outcomes, a.confirm(ctx, d.predicts)
	}
	return a.append(ctx, &d, known.unsure)
}

// confirm makes sure that a turn which refuses, predicts or shows the account knew its newest state.
func (a *account) confirm(ctx context.Context, predicts bool) error {
	if !predicts {
		return nil
	}
	known := min(1, a.state.Version) // the newest record that the actor knows is read, too
	page, err := a.log.ReadStream(ctx,
		contract.ReadStreamRequest{Account: a.id, AfterVersion: a.state.Version - known, Limit: 2})
	if err != nil {
		return fmt.Errorf("confirm version %d of %s: %w", a.state.Version, a.id, err)
	}
	records := page.Records
	if known > 0 {
		if len(records) == 0 || records[0].Mark() != a.mark {
			return a.outdated(a.state.Version)
		}
		records = records[1:]
	}
	if len(records) > 0 {
		a.forget()
		return errLostRace
	}
	return nil
}

// giveUp answers the commands of a turn that could not finish.
func (t *turn) giveUp(err error) []contract.Outcome {
	status := contract.Unavailable
	if t.doubt {
		status = contract.Unknown
	}
	return all(len(t.batch.Commands), contract.Outcome{Status: status, Reason: err.Error()})
}

// all is the same outcome for n commands.
func all(n int, outcome contract.Outcome) []contract.Outcome {
	return slices.Repeat([]contract.Outcome{outcome}, n)
}
