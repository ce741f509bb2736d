package simulation

import (
	"context"
	"time"

	"corebank/actor"
	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
)

// turn is what a call asks of the actors of a host.
type turn func(ctx context.Context, actors *actor.Host) (contract.CommandReply, error)

// sidecar carries the calls of one life of a process to the actors of accounts.
func (p *process) sidecar(name string) Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		execute := func(ctx context.Context, actors *actor.Host) (contract.CommandReply, error) {
			return actors.Execute(ctx, id, batch)
		}
		return p.call(ctx, name, string(id), batch, execute)
	}
}

// clearing carries them to clearing actors.
func (p *process) clearing(name string) batcher.Clearing {
	return func(ctx context.Context, id string, batch contract.ClearingBatch) (contract.CommandReply, error) {
		clear := func(ctx context.Context, actors *actor.Host) (contract.CommandReply, error) {
			return actors.ExecuteClearing(ctx, batch)
		}
		return p.call(ctx, name, clearingActor(id), batch.Batch, clear)
	}
}

// clearingActor is the name of a clearing actor among all actors.
func clearingActor(id string) string { return "clearing " + id }

// call makes a call to an actor. Those to one are a thread: a caller makes one call per actor at a time.
func (p *process) call(
	ctx context.Context, name, to string, batch contract.CommandBatch, take turn,
) (contract.CommandReply, error) {
	if p.dead.Load() {
		return contract.CommandReply{}, errCrashed
	}
	th := p.thread(name + " " + p.world.name(to))
	ctx, stop := p.serve(th.in(ctx))
	defer stop()
	reply, err := perilously(ctx, perils{callLost, callLate, callAnswerLost}, 15*time.Second,
		func(ctx context.Context) (contract.CommandReply, error) {
			return threadOf(ctx).deliver(ctx, to, batch, take)
		})
	if err == nil {
		err = th.pass(ctx, wayMin, wayMax)
	}
	return reply, err
}

// deliver takes a call to the host of its actor.
func (t *thread) deliver(
	ctx context.Context, to string, batch contract.CommandBatch, take turn,
) (contract.CommandReply, error) {
	if err := t.pass(ctx, wayMin, wayMax); err != nil {
		return contract.CommandReply{}, err
	}
	h := t.world.hostOf(t, to)
	if h == nil {
		return contract.CommandReply{}, errAway
	}
	return h.execute(ctx, to, batch, take)
}
