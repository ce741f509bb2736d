package simulation

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/projector"
)

// views is a projector's access to a store of views.
type views struct {
	view.Built
	retired *atomic.Bool
}

func (v views) Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	return unlessLost(ctx, viewsUnread, func() (map[bank.AccountID]view.Account, error) {
		return v.Built.Accounts(ctx, ids)
	})
}

func (v views) Trial(ctx context.Context) (view.Trial, error) {
	return unlessLost(ctx, viewsUnread, func() (view.Trial, error) { return v.Built.Trial(ctx) })
}

func (v views) Apply(ctx context.Context, changes view.Changes) error {
	th := threadOf(ctx)
	return th.durably(ctx, wayMax, hazards{crashBeforeApply, applyLost, crashAfterApply, applyUnknown}, func() error {
		err := view.ErrRetired
		if !v.retired.Load() {
			err = v.Built.Apply(ctx, changes)
		}
		if err == nil {
			th.world.mu.Lock()
			th.world.shown = append(th.world.shown, shown{changes.To, changes.Trial})
			th.world.mu.Unlock()
		}
		th.note("applies %d to %d: %v", changes.From+1, changes.To, err)
		return err
	})
}

// generations are the builds of the views.
type generations struct {
	world *world
	mu    sync.Mutex
	made  int64
	now   view.Generation // the live one
}

func newGenerations(w *world) *generations {
	g := &generations{world: w}
	g.now, _ = g.Create(w.ctx)
	return g
}

func (g *generations) live() view.Generation {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// Live implements view.Generations.
func (g *generations) Live(context.Context) (view.Generation, error) { return g.live(), nil }

// Create implements view.Generations.
func (g *generations) Create(context.Context) (view.Generation, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.made++
	store := between(g.world.parts.Views, view.Store(memory.New()))
	return view.Generation{Number: g.made, Store: views{store.(view.Built), new(atomic.Bool)}}, nil
}

// Switch implements view.Generations.
func (g *generations) Switch(ctx context.Context, to view.Generation) (was int64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	threadOf(ctx).note("the views of generation %d are live", to.Number)
	was = g.now.Number
	g.now.Store.(views).retired.Store(true)
	g.now = to
	return was, nil
}

// Previous implements view.Generations.
func (g *generations) Previous(context.Context) (view.Generation, error) {
	return view.Generation{}, view.ErrNotFound
}

// Shared implements view.Generations.
func (g *generations) Shared() string { return "" }

// Discard implements view.Generations.
func (g *generations) Discard(context.Context, view.Generation) error { return nil }

// Projection makes views: *projector.Projector, or what a test puts in its place.
type Projection interface {
	CatchUp(ctx context.Context) error
	Handle(ctx context.Context, batch contract.Batch) error
}

// projecting is one life of a projector.
type projecting struct {
	*process
	queue *queue
}

// startProjector starts a projector in a slot. Its queue outlives it.
func (w *world) startProjector(slot, life int, q *queue) {
	name := fmt.Sprintf("projector %d.%d", slot, life)
	p := &projecting{queue: q}
	p.process = w.process(name, func() { w.startProjector(slot, life+1, q) })
	ahead := wireTo(w.whole()) // it may begin a read while another is under way, so that each is a thread of its own
	ahead.as = func(ctx context.Context, what string) context.Context {
		return p.another(name + " reads " + what).in(ctx)
	}
	own := projector.New(w.views.live().Store, ahead, quiet)
	var projection Projection = own
	if w.parts.Projector != nil {
		projection = w.parts.Projector(w.views.live().Store, ahead)
	}
	onLive := func(ctx context.Context, work func() error) error { return own.RetryOnLive(ctx, w.views, work) }
	p.run(w.thread(name, p.process), func(ctx context.Context) {
		catchUp := func() error { return projection.CatchUp(ctx) }
		for onLive(ctx, catchUp) != nil {
			if !app.Pause(ctx, 500*time.Millisecond) {
				return
			}
		}
		w.topic.follow(ctx, q, func(ctx context.Context, batch contract.Batch) error {
			return onLive(ctx, func() error { return projection.Handle(ctx, batch) })
		})
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.projectors[slot] = p
}
