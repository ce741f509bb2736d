package projector

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/logclient"
	"corebank/internal/view"
)

// Bounds of a silent topic. The relay publishes a heartbeat every second.
const (
	quietAfter = 1500 * time.Millisecond
	quietPause = 500 * time.Millisecond
)

// following is a projector that follows the log: it catches up, and then takes the topic.
// While the topic is silent, because the broker or the event source changes its machine,
// it reads the log.
type following struct {
	p           *Projector
	generations view.Generations
	log         *slog.Logger
	lease       *lease.Lease // nil for a projector that has no others beside it
	leads       atomic.Bool
	caughtUp    atomic.Bool
	heard       atomic.Int64 // when the last batch was handled, in Unix nanoseconds
}

// feed is the topic.
type feed interface {
	Follow(ctx context.Context, component string, handle func(context.Context, contract.Batch) error) error
}

// runWhileLeading follows the log while this projector leads. Two that worked on the same
// views would do no harm, for each change moves the checkpoint from where it was read; but
// they would do everything twice, and start again whenever the other one was faster.
func (f *following) runWhileLeading(ctx context.Context, topic feed) error {
	if f.lease == nil {
		return f.run(ctx, topic)
	}
	return f.lease.Run(ctx, func(ctx context.Context) error {
		f.leads.Store(true)
		defer f.leads.Store(false)
		return f.run(ctx, topic)
	})
}

// standsBy reports whether another projector works.
func (f *following) standsBy() bool { return f.lease != nil && !f.leads.Load() }

func (f *following) run(ctx context.Context, topic feed) error {
	var refused error
	catchUp := func(ctx context.Context) error {
		err := f.catchUp(ctx)
		if errors.Is(err, ErrOtherBank) { // another attempt would not help
			refused, err = err, nil
		}
		return err
	}
	if !logclient.CatchUp(ctx, catchUp, func(err error) {
		f.log.Warn("the views cannot catch up with the log, trying again", "position", f.p.Position(), "error", err)
	}) {
		return nil
	}
	if refused != nil {
		return refused
	}
	f.caughtUp.Store(true)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { f.readWhileQuiet(ctx); return nil })
	group.Go(func() error {
		// What was published before the subscription is read from the log, and so the
		// projector needs no consumer that the broker would keep for it.
		return topic.Follow(ctx, contract.LiveFeed, f.handle)
	})
	return group.Wait()
}

func (f *following) catchUp(ctx context.Context) error {
	return f.p.RetryOnLive(ctx, f.generations, func() error { return f.p.CatchUp(ctx) })
}

func (f *following) handle(ctx context.Context, batch contract.Batch) error {
	defer func() { f.heard.Store(time.Now().UnixNano()) }()
	return f.p.RetryOnLive(ctx, f.generations, func() error { return f.p.Handle(ctx, batch) })
}

// readWhileQuiet reads the log while the topic is silent, until ctx ends.
func (f *following) readWhileQuiet(ctx context.Context) {
	for app.Pause(ctx, quietPause) {
		if time.Since(time.Unix(0, f.heard.Load())) < quietAfter || f.p.Status().Rebuilding != "" {
			continue
		}
		if err := f.catchUp(ctx); err != nil && ctx.Err() == nil {
			f.log.Debug("the topic is silent, and the log cannot be read", "error", err)
		}
	}
}
