package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/server"
)

// gateway is one life of a gateway, with its sidecar.
type gateway struct {
	*process
	commands *server.Commands
	feed     *server.Feed

	mu    sync.Mutex
	lines map[bank.AccountID]*thread // of the calls to an account's actor
}

// startGateway starts a gateway in a slot. Its subscription to the topic is
// new, and begins with whatever comes next.
func (w *world) startGateway(slot, life int) {
	name := fmt.Sprintf("gateway %d.%d", slot, life)
	q := w.topic.queue()
	g := &gateway{feed: server.NewFeed(w.parts.feedLog(wire{})), lines: make(map[bank.AccountID]*thread)}
	g.process = w.process(name, func() {
		w.topic.leave(q)
		w.startGateway(slot, life+1)
	})
	g.commands = server.NewCommands(w.parts.call(g.call))
	g.run(w.thread(name+" feed", g.process), func(ctx context.Context) { w.topic.follow(ctx, q, g.feed.Handle) })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gateways[slot] = g
}

// line is the strand of calls to one account's actor: Commands makes one call
// per account at a time.
func (g *gateway) line(id bank.AccountID) *thread {
	g.mu.Lock()
	defer g.mu.Unlock()
	th := g.lines[id]
	if th == nil {
		th = g.world.thread(g.name+" "+g.world.name(id), g.process)
		g.lines[id] = th
	}
	return th
}

// call gives an account's actor a turn: where sidecars would carry the call.
func (g *gateway) call(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
	if g.dead.Load() {
		return contract.CommandReply{}, errCrashed
	}
	th := g.line(id)
	ctx, stop := g.serve(th.in(ctx))
	defer stop()
	deliver := func(ctx context.Context) (contract.CommandReply, error) {
		th := threadOf(ctx)
		if err := th.pass(ctx, wayLeast, wayMost); err != nil {
			return contract.CommandReply{}, err
		}
		h := g.world.place(th, id)
		if h == nil {
			return contract.CommandReply{}, errAway
		}
		return h.execute(ctx, id, batch)
	}
	switch {
	case th.suffers(callLost):
		return contract.CommandReply{}, th.lose(ctx)
	case th.suffers(callLate):
		g.world.later(th, 15*time.Second, func(ctx context.Context) {
			_, err := deliver(ctx)
			threadOf(ctx).note("a late call for %s was made: %v", g.world.name(id), err)
		})
		return contract.CommandReply{}, th.lose(ctx)
	}
	reply, err := deliver(ctx)
	if err == nil && th.suffers(callAnswerLost) {
		err = errLost
	}
	if err == nil {
		err = th.pass(ctx, wayLeast, wayMost)
	}
	return reply, err
}

// enter is the gateway of a slot, for the time that it lives; nil if it is
// down.
func (w *world) enter(ctx context.Context, slot int) (g *gateway, entered context.Context, leave context.CancelFunc) {
	w.mu.Lock()
	g = w.gateways[slot]
	w.mu.Unlock()
	if g.dead.Load() {
		return nil, nil, nil
	}
	entered, leave = g.serve(ctx)
	return g, entered, leave
}
