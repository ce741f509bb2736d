package simulation

import (
	"context"
	"fmt"

	"corebank/internal/logclient"
	"corebank/server"
)

// gateway is one life of a gateway, with its sidecar.
type gateway struct {
	*process
	commands *server.Commands
	feed     *server.SubscriptionHub
	views    *server.VerifiedViews
}

// startGateway starts a gateway in a slot. Its subscription to the topic is new, and begins with whatever comes
// next.
func (w *world) startGateway(slot, life int) {
	name := fmt.Sprintf("gateway %d.%d", slot, life)
	q := w.topic.queue()
	g := &gateway{feed: server.NewSubscriptionHub(between(w.parts.Feed, logclient.Log(wireTo(w.whole()))))}
	g.openViews(w, wireTo(w.whole()))
	g.process = w.process(name, func() {
		w.topic.leave(q)
		w.startGateway(slot, life+1)
	})
	g.commands = server.NewCommands(between(w.parts.Call, g.sidecar(name)), between(w.parts.Clear, g.clearing(name)))
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
