package projector

import (
	"context"
	"log/slog"

	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/view"
)

// Topic is the topic, as a function.
type Topic func(ctx context.Context, handle func(context.Context, contract.Batch) error) error

// Follow follows the topic.
func (t Topic) Follow(ctx context.Context, _ string, handle func(context.Context, contract.Batch) error) error {
	return t(ctx, handle)
}

// Follow has a projector follow a log, while it has the lease if there is one, until ctx ends.
func Follow(ctx context.Context, p *Projector, generations view.Generations, topic Topic, own *lease.Lease) error {
	f := &following{p: p, generations: generations, log: slog.New(slog.DiscardHandler), lease: own}
	return f.runWhileLeading(ctx, topic)
}
