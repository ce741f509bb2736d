package actor

import (
	"context"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
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
