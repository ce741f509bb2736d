package projector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/internal/view"
)

// ErrRebuilding says that a rebuild or a rollback is going on.
var ErrRebuilding = errors.New("the views are being built anew already; wait for it, or stop the command that does it")

// The phases of a rebuild and of a rollback, in order.
const (
	PhaseBuilding  = "building"  // counts events
	PhaseComparing = "comparing" // counts accounts and lines
	PhaseSwitching = "switching"
)

// Progress says how far a rebuild is in its phase.
type Progress struct {
	Phase string `json:"phase"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
}

// Rebuilt says what came of a rebuild or of a rollback, which compares
// nothing.
type Rebuilt struct {
	// Generation is the number of the views that are live now, Was of those
	// that were.
	Generation int64 `json:"generation"`
	Was        int64 `json:"was"`
	// Position is the last one that the views reflected at the switch.
	Position int64 `json:"position"`
	// Events were applied in so many Seconds, the comparison aside.
	Events  int64   `json:"events"`
	Seconds float64 `json:"seconds"`
	// Compared is what was found equal to the log; nil after a rollback.
	Compared *Compared `json:"compared,omitempty"`
}

// progressPause is the time between two reports of progress.
const progressPause = 200 * time.Millisecond

// Rebuild builds the views anew beside the live ones, which follow the log all
// the while, compares every account with the log, and makes them live in one
// step. Whatever stops it before that step leaves the live views live. tell
// hears of the progress, from one goroutine at a time.
func (p *Projector) Rebuild(ctx context.Context, generations view.Generations, tell func(Progress)) (Rebuilt, error) {
	if !p.rebuilding.TryLock() {
		return Rebuilt{}, ErrRebuilding
	}
	defer p.rebuilding.Unlock()
	built, err := generations.Create(ctx)
	if err != nil {
		return Rebuilt{}, fmt.Errorf("begin new views: %w", err)
	}
	done, err := p.rebuild(ctx, generations, built, tell)
	if err != nil {
		return Rebuilt{}, errors.Join(err, generations.Discard(context.WithoutCancel(ctx), built))
	}
	return done, nil
}

func (p *Projector) rebuild(ctx context.Context, generations view.Generations, built view.Generation, tell func(Progress)) (Rebuilt, error) {
	tally := newTally(p.log)
	builder := New(built.Store, tally, p.logger)
	events, took, err := p.follow(ctx, builder, tell)
	if err != nil {
		return Rebuilt{}, err
	}
	compared, err := tally.compare(ctx, built.Store, tell)
	if err != nil {
		return Rebuilt{}, err
	}
	done, err := p.exchange(ctx, generations, built, builder, tell)
	done.Events, done.Seconds, done.Compared = events, took.Seconds(), &compared
	return done, err
}

// Rollback makes the views live that were live before the last switch, after
// they have caught up with the log. A second one undoes the first.
func (p *Projector) Rollback(ctx context.Context, generations view.Generations, tell func(Progress)) (Rebuilt, error) {
	if !p.rebuilding.TryLock() {
		return Rebuilt{}, ErrRebuilding
	}
	defer p.rebuilding.Unlock()
	previous, err := generations.Previous(ctx)
	if err != nil {
		return Rebuilt{}, fmt.Errorf("open the previous views: %w", err)
	}
	builder := New(previous.Store, p.log, p.logger)
	events, took, err := p.follow(ctx, builder, tell)
	var done Rebuilt
	if err == nil {
		done, err = p.exchange(ctx, generations, previous, builder, tell)
	}
	if err != nil {
		return Rebuilt{}, errors.Join(err, previous.Store.Close(context.WithoutCancel(ctx)))
	}
	done.Events, done.Seconds = events, took.Seconds()
	return done, nil
}

// follow brings the views that builder builds to the head of the log.
func (p *Projector) follow(ctx context.Context, builder *Projector, tell func(Progress)) (events int64, took time.Duration, err error) {
	if err := builder.inTurn(ctx, func() error { return nil }); err != nil {
		return 0, 0, err
	}
	from, began := builder.Position(), time.Now()
	caught := make(chan error, 1)
	go func() { caught <- builder.CatchUp(ctx) }()
	tick := time.NewTicker(progressPause)
	defer tick.Stop()
	for {
		select {
		case err := <-caught:
			tell(builder.progress())
			return builder.Position() - from, time.Since(began), err
		case <-tick.C:
			tell(builder.progress())
		}
	}
}

func (p *Projector) progress() Progress {
	s := p.Status()
	return Progress{Phase: PhaseBuilding, Done: s.Position, Total: s.Head}
}

// exchange makes the views of builder the ones that this projector keeps and
// that queries read. It has them no older than the ones before.
func (p *Projector) exchange(ctx context.Context, generations view.Generations, to view.Generation, builder *Projector, tell func(Progress)) (Rebuilt, error) {
	// What came in during the comparison is caught up with before the live
	// views are held, so that they wait for next to nothing.
	if err := builder.CatchUp(ctx); err != nil {
		return Rebuilt{}, err
	}
	tell(Progress{Phase: PhaseSwitching})
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
		return p.keep(context.WithoutCancel(ctx), to.Store)
	})
	if switched && err != nil { // the switch is made, whatever failed after it
		p.logger.Warn("the new views could not be read at once", "error", err)
		err = nil
	}
	return done, err
}

// keep makes a store the one that this projector keeps, in its turn.
func (p *Projector) keep(ctx context.Context, store view.Store) error {
	retired := p.store
	p.store, p.loaded = store, false
	if err := retired.Close(ctx); err != nil {
		p.logger.Warn("the views that are no longer live could not be closed", "error", err)
	}
	return p.load(ctx)
}

// RetryOnLive does work, and once more on the live views if those that the
// projector keeps are live no more: another projector has switched.
func (p *Projector) RetryOnLive(ctx context.Context, generations view.Generations, work func() error) error {
	err := work()
	if !errors.Is(err, view.ErrRetired) {
		return err
	}
	live, err := generations.Live(ctx)
	if err != nil {
		return fmt.Errorf("open the views that are live now: %w", err)
	}
	p.logger.Info("another projector has switched the views", "generation", live.Number)
	p.turn.Lock()
	err = p.keep(ctx, live.Store)
	p.turn.Unlock()
	if err != nil {
		return err
	}
	return work()
}

// pullTo applies the log until the views are not behind a position.
func (p *Projector) pullTo(ctx context.Context, position int64) error {
	if p.Position() >= position {
		return nil
	}
	return p.pull(ctx, position)
}

// Close closes the views that the projector keeps, whichever they are by now.
func (p *Projector) Close(ctx context.Context) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.store.Close(ctx)
}
