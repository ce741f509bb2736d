package projector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/internal/logclient"
	"corebank/internal/view"
)

// ErrOtherBank is the error of views that may be those of another bank. They are
// not touched.
var ErrOtherBank = errors.New("the views belong to another log")

// RetryOnLive does work, and once more if the views turned out not to be those to
// work on: it opens the live ones if another projector has switched to them, and
// builds them again if they do not show this log.
func (p *Projector) RetryOnLive(ctx context.Context, generations view.Generations, work func() error) error {
	err := work()
	switch {
	case errors.Is(err, view.ErrRetired):
		err = p.openLive(ctx, generations)
	case errors.Is(err, logclient.ErrOtherLog):
		err = p.renew(ctx, generations, err)
	default:
		return err
	}
	if err != nil {
		return err
	}
	return work()
}

// openLive opens the views that another projector has made live.
func (p *Projector) openLive(ctx context.Context, generations view.Generations) error {
	live, err := generations.Live(ctx)
	if err != nil {
		return fmt.Errorf("open the live views: %w", err)
	}
	p.logger.Info("another projector has switched the views", "generation", live.Number)
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.setStore(ctx, live.Store)
}

// renewalPause is the time between two lines of the log about a long rebuild.
const renewalPause = 5 * time.Second

// renew builds views again that do not show this log, for a reason, unless they may
// be those of another bank.
func (p *Projector) renew(ctx context.Context, generations view.Generations, reason error) error {
	if other := (*logclient.OtherLogError)(nil); errors.As(reason, &other) {
		if where := generations.Shared(); where != "" && (other.OfOther() || other.At.Log == "") {
			return fmt.Errorf("%w, so %s is left alone. Two banks need databases of their own: give this bank another one. "+
				"If no other bank uses it, drop it, and the views are built again (%w)", ErrOtherBank, where, reason)
		}
	}
	p.logger.Warn("the views do not show this log and are built again; until then, no query is answered from them",
		"reason", reason)
	p.setRebuilding(reason.Error())
	defer p.setRebuilding("")
	logged := time.Now()
	done, err := p.Rebuild(ctx, generations, func(progress Progress) {
		if time.Since(logged) > renewalPause {
			logged = time.Now()
			p.logger.Info("the views are built again", "phase", progress.Phase, "done", progress.Done, "of", progress.Total)
		}
	})
	if err != nil {
		return fmt.Errorf("build the views again: %w", err)
	}
	p.logger.Info("the views show this log now", "generation", done.Generation, "position", done.Position)
	return nil
}
