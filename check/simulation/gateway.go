package simulation

import (
	"context"
	"fmt"

	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/server"
)

// gateway is one life of a gateway, with its sidecar.
type gateway struct {
	*process
	commands *server.Commands
	feed     *server.SubscriptionHub
}

// startGateway starts a gateway in a slot. Its subscription to the topic is new, and begins with whatever comes
// next.
func (w *world) startGateway(slot, life int) {
	name := fmt.Sprintf("gateway %d.%d", slot, life)
	q := w.topic.queue()
	g := &gateway{feed: server.NewSubscriptionHub(between(w.parts.Feed, logclient.Log(wireTo(w.whole()))))}
	g.process = w.process(name, func() {
		w.topic.leave(q)
		w.startGateway(slot, life+1)
	})
	call := between(w.parts.Call, g.sidecar(name))
	g.commands = server.NewCommands(call, apart(call))
	g.run(w.thread(name+" feed", g.process), func(ctx context.Context) { w.topic.follow(ctx, q, g.feed.Handle) })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gateways[slot] = g
}

// enter is the gateway of a slot, for the time that it lives; nil if it is down.
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

// apart gives each command to the actor of its own account: there are no clearing actors in a run.
func apart(call batcher.Call) batcher.Clearing {
	return func(ctx context.Context, _ string, batch contract.ClearingBatch) (reply contract.CommandReply, err error) {
		for i, c := range batch.Batch.Commands {
			one := contract.CommandBatch{Commands: []contract.Command{c}, DryRun: batch.Batch.DryRun}
			answer, err := call(ctx, batch.Accounts[i], one)
			if err != nil {
				return reply, err
			}
			reply.Outcomes = append(reply.Outcomes, answer.Outcomes...)
		}
		return reply, nil
	}
}
