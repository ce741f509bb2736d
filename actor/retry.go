package actor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

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
	ctx, cancel := context.WithTimeout(tracing.WithCommands(ctx, batch.Commands), turnBudget)
	defer cancel()
	arrived := time.Now()
	a.begin(context.WithoutCancel(ctx)) // every turn ends
	defer a.end()
	t := turn{batch: batch, callers: callers, spans: spans, lookUp: batch.DryRun,
		now: a.clock().UTC().Truncate(time.Microsecond)}
	if time.Since(arrived) >= turnBudget {
		return t.giveUp(errBusy)
	}
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
