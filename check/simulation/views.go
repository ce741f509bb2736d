package simulation

import (
	"context"
	"fmt"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/projector"
)

// views is a projector's access to the store of views.
type views struct{ view.Store }

func (v views) Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	return unlessLost(ctx, viewsUnread, func() (map[bank.AccountID]view.Account, error) {
		return v.Store.Accounts(ctx, ids)
	})
}

func (v views) Trial(ctx context.Context) (view.Trial, error) {
	return unlessLost(ctx, viewsUnread, func() (view.Trial, error) { return v.Store.Trial(ctx) })
}

func (v views) Apply(ctx context.Context, changes view.Changes) error {
	th := threadOf(ctx)
	return th.durably(ctx, wayMax, hazards{crashBeforeApply, applyLost, crashAfterApply, applyUnknown}, func() error {
		err := v.Store.Apply(ctx, changes)
		th.note("applies %d to %d: %v", changes.From+1, changes.To, err)
		return err
	})
}

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
	var projection Projection = projector.New(views{w.store}, ahead, quiet)
	if w.parts.Projector != nil {
		projection = w.parts.Projector(views{w.store}, ahead)
	}
	p.run(w.thread(name, p.process), func(ctx context.Context) {
		for projection.CatchUp(ctx) != nil {
			if !app.Pause(ctx, 500*time.Millisecond) {
				return
			}
		}
		w.topic.follow(ctx, q, projection.Handle)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.projectors[slot] = p
}
