package simulation

import (
	"context"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// sidecar carries the calls of one life of a process to the actors. The calls to one account's actor are a thread: a
// caller makes one call per account at a time.
func (p *process) sidecar(name string) Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		if p.dead.Load() {
			return contract.CommandReply{}, errCrashed
		}
		th := p.thread(name + " " + p.world.name(id))
		ctx, stop := p.serve(th.in(ctx))
		defer stop()
		reply, err := perilously(ctx, perils{callLost, callLate, callAnswerLost}, 15*time.Second,
			func(ctx context.Context) (contract.CommandReply, error) { return threadOf(ctx).deliver(ctx, id, batch) })
		if err == nil {
			err = th.pass(ctx, wayMin, wayMax)
		}
		return reply, err
	}
}

// deliver takes a call to the host of its account.
func (t *thread) deliver(
	ctx context.Context, id bank.AccountID, batch contract.CommandBatch,
) (contract.CommandReply, error) {
	if err := t.pass(ctx, wayMin, wayMax); err != nil {
		return contract.CommandReply{}, err
	}
	h := t.world.hostOf(t, id)
	if h == nil {
		return contract.CommandReply{}, errAway
	}
	return h.execute(ctx, id, batch)
}
