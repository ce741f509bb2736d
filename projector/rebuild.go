package projector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/internal/view"
)

// ErrRebuilding is the error of a second rebuild or rollback at the same time.
var ErrRebuilding = errors.New("a rebuild or a rollback is running; wait for it, or stop the command that runs it")

// The phases of a rebuild and of a rollback, in order.
const (
	PhaseBuilding  = "building"  // its progress counts events
	PhaseComparing = "comparing" // its progress counts accounts and lines
	PhaseSwitching = "switching"
)

// Progress reports how far a phase of a rebuild is.
type Progress struct {
	Phase string `json:"phase"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
}

// Rebuilt is the result of a rebuild or of a rollback, which compares nothing.
type Rebuilt struct {
	// Generation is the number of the views that are live now, Was the number
	// of those that were live before.
	Generation int64 `json:"generation"`
	Was        int64 `json:"was"`
	// Position is the last one that the views reflected at the switch.
	Position int64 `json:"position"`
	// Events is how many events were applied, Seconds how long that took without
	// the comparison.
	Events  int64   `json:"events"`
	Seconds float64 `json:"seconds"`
	// Compared is what was found equal to the log; nil after a rollback.
	Compared *Compared `json:"compared,omitempty"`
}

// progressPause is the time between two progress reports.
const progressPause = 200 * time.Millisecond

// Rebuild builds the views anew beside the live ones, which follow the log in
// the meantime, compares every account with the log, and makes the new views
// live in one step. Whatever stops it before that step leaves the live views
// live. report receives the progress, from one goroutine at a time.
func (p *Projector) Rebuild(
	ctx context.Context, generations view.Generations, report func(Progress),
) (Rebuilt, error) {
	if !p.rebuilding.TryLock() {
		return Rebuilt{}, ErrRebuilding
	}
	defer p.rebuilding.Unlock()
	built, err := generations.Create(ctx)
	if err != nil {
		return Rebuilt{}, fmt.Errorf("create new views: %w", err)
	}
	done, err := p.rebuild(ctx, generations, built, report)
	if err != nil {
		return Rebuilt{}, errors.Join(err, generations.Discard(context.WithoutCancel(ctx), built))
	}
	return done, nil
}

func (p *Projector) rebuild(
	ctx context.Context, generations view.Generations, built view.Generation, report func(Progress),
) (Rebuilt, error) {
	verifier := newRebuildVerifier(p.log)
	builder := New(built.Store, verifier, p.logger)
	events, took, err := build(ctx, builder, report)
	if err != nil {
		return Rebuilt{}, err
	}
	compared, err := verifier.verify(ctx, built.Store, report)
	if err != nil {
		return Rebuilt{}, err
	}
	done, err := p.exchange(ctx, generations, built, builder, report)
	done.Events, done.Seconds, done.Compared = events, took.Seconds(), &compared
	return done, err
}

// Rollback makes the views live again that were live before the last switch,
// after they have caught up with the log. A second rollback undoes the first.
func (p *Projector) Rollback(
	ctx context.Context, generations view.Generations, report func(Progress),
) (Rebuilt, error) {
	if !p.rebuilding.TryLock() {
		return Rebuilt{}, ErrRebuilding
	}
	defer p.rebuilding.Unlock()
	previous, err := generations.Previous(ctx)
	if err != nil {
		return Rebuilt{}, fmt.Errorf("open the previous views: %w", err)
	}
	builder := New(previous.Store, p.log, p.logger)
	events, took, err := build(ctx, builder, report)
	var done Rebuilt
	if err == nil {
		done, err = p.exchange(ctx, generations, previous, builder, report)
	}
	if err != nil {
		return Rebuilt{}, errors.Join(err, previous.Store.Close(context.WithoutCancel(ctx)))
	}
	done.Events, done.Seconds = events, took.Seconds()
	return done, nil
}

// build brings the views of builder to the head of the log.
func build(
	ctx context.Context, builder *Projector, report func(Progress),
) (events int64, took time.Duration, err error) {
	if err := builder.inTurn(ctx, func() error { return nil }); err != nil {
		return 0, 0, err
	}
	from, began := builder.Position(), time.Now()
	caughtUp := make(chan error, 1)
	go func() { caughtUp <- builder.CatchUp(ctx) }()
	tick := time.NewTicker(progressPause)
	defer tick.Stop()
	for {
		select {
		case err := <-caughtUp:
			report(builder.progress())
			return builder.Position() - from, time.Since(began), err
		case <-tick.C:
			report(builder.progress())
		}
	}
}

func (p *Projector) progress() Progress {
	s := p.Status()
	return Progress{Phase: PhaseBuilding, Done: s.Position, Total: s.Head}
}

// exchange makes the views of builder live and lets this projector write them
// from now on. They are not older than the views before.
func (p *Projector) exchange(
	ctx context.Context, generations view.Generations, to view.Generation, builder *Projector, report func(Progress),
) (Rebuilt, error) {
	// Records that came in during the comparison are applied before the live
	// views are locked, so that those wait for a few records only.
	if err := builder.CatchUp(ctx); err != nil {
		return Rebuilt{}, err
	}
	report(Progress{Phase: PhaseSwitching})
	var done Rebuilt
	switched := false
	err := p.inTurn(ctx, func() error {
		err := builder.inTurn(ctx, func() error { return builder.pullTo(ctx, p.Position()) })
		if err != nil {
			return err
		}
		was, err := generations.Switch(ctx, to)
		if err != nil {
			return fmt.Errorf("switch the views: %w", err)
		}
		switched = true
		done = Rebuilt{Generation: to.Number, Was: was, Position: builder.Position()}
		return p.setStore(context.WithoutCancel(ctx), to.Store)
	})
	if switched && err != nil { // the switch is done, whatever failed after it
		p.logger.Warn("the new views could not be read right after the switch", "error", err)
		err = nil
	}
	return done, err
}

// setStore closes the store and lets the projector write another one. The
// caller holds the turn.
func (p *Projector) setStore(ctx context.Context, store view.Store) error {
	retired := p.store
	p.store, p.loaded = store, false
	if err := retired.Close(ctx); err != nil {
		p.logger.Warn("the views that are no longer live could not be closed", "error", err)
	}
	return p.load(ctx)
}

// pullTo applies the log until the views are not behind a position.
func (p *Projector) pullTo(ctx context.Context, position int64) error {
	if p.Position() >= position {
		return nil
	}
	return p.pull(ctx, position)
}

// Close closes the views that the projector writes at the moment.
func (p *Projector) Close(ctx context.Context) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.store.Close(ctx)
}
