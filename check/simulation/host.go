package simulation

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"corebank/actor"
	"corebank/internal/contract"
	"corebank/internal/identity/identitytest"
	"corebank/internal/seal"
)

// host is one life of an actor host, with its sidecar.
type host struct {
	*process
	slot   int
	actors *actor.Host
	skew   atomic.Int64 // how wrong its clock is, as a time.Duration
	// stopTransfers ends what takes transfers to their end, in the same process; its messages are in the queue.
	stopTransfers context.CancelFunc
	queue         *queue
}

// keysKept is how many keys of an account its actor remembers: few, so that the accounts of a run have older ones.
const keysKept = 3

// actorsKey seals the snapshots.
var actorsKey seal.Key

// startHost starts an actor host in a slot.
func (w *world) startHost(slot, life int) {
	name := fmt.Sprintf("host %d.%d", slot, life)
	h := &host{slot: slot, queue: w.topic.queue()}
	h.process = w.process(name, func() {
		w.topic.leave(h.queue)
		w.startHost(slot, life+1)
	})
	log := w.ownLog()
	log.as = func(ctx context.Context, what string) context.Context {
		return threadOf(ctx).beside("reads " + what).in(ctx)
	}
	h.actors = actor.NewHost(between(w.parts.Actors, actor.Log(log)),
		between(w.parts.Snapshots, actor.Snapshots(w.snapshots)), actorsKey, h.clock, identitytest.Believe)
	h.actors.KeepKeys(keysKept)
	h.actors.Divide(len(w.logs()))
	h.run(w.thread(name+" snapshots", h.process), h.actors.RunSnapshots)
	h.startTransfers(name)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[slot] = h
}

func (h *host) clock() time.Time { return time.Now().Add(time.Duration(h.skew.Load())) }

// set makes its clock wrong.
func (h *host) set(skew time.Duration) {
	h.skew.Store(int64(skew))
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	h.world.skews = append(h.world.skews, skew)
}

// hostOf is the host that a call to an actor goes to; nil if it is down.
func (w *world) hostOf(th *thread, id string) *host {
	to, misrouted := th.IntN(len(w.hosts)), th.suffers(callMisrouted)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !misrouted {
		to = w.slotOf(id)
	}
	if h := w.hosts[to]; !h.dead.Load() {
		return h
	}
	return nil
}

// slotOf is the slot of the host on which an actor is. The caller holds the lock.
func (w *world) slotOf(id string) int {
	if _, placed := w.located[id]; !placed {
		w.located[id] = w.thread("place of "+id, nil).IntN(len(w.hosts))
	}
	return w.located[id]
}

// enter waits for an actor's turn on this host, which gives the turns one by one, as a sidecar does; leave ends it.
func (h *host) enter(ctx context.Context, id string) (th *thread, leave func(), err error) {
	th = h.thread(h.name + " " + h.world.name(id))
	select {
	case th.turn <- struct{}{}:
		leave = func() { <-th.turn }
	case <-ctx.Done():
		err = ctx.Err()
	}
	if !h.dead.Load() {
		return th, leave, err
	}
	if err == nil { // both were possible
		leave()
	}
	return nil, nil, errCrashed
}

// execute gives an actor a turn.
func (h *host) execute(
	ctx context.Context, id string, batch contract.CommandBatch, take turn,
) (contract.CommandReply, error) {
	ctx, stop := h.serve(ctx)
	defer stop()
	th, leave, err := h.enter(ctx, id)
	if err != nil {
		return contract.CommandReply{}, err
	}
	defer leave()
	if err := h.thaw(ctx, th); err != nil {
		return contract.CommandReply{}, err
	}
	// An account's own turn may begin as another one lets the account go, for which a clearing actor waits, too.
	if err := h.world.endure(ctx, th, th.between(0, time.Millisecond)); err != nil {
		return contract.CommandReply{}, err
	}
	th.many = strings.HasPrefix(id, clearingActor(""))
	reply, err := take(th.in(ctx), h.actors)
	if err != nil || h.dead.Load() {
		return contract.CommandReply{}, errCrashed
	}
	for i, o := range reply.Outcomes {
		th.note("%s %s", batch.Commands[i].Key, outcome(o))
	}
	if err := th.point(crashBeforeReply); err != nil {
		return contract.CommandReply{}, err
	}
	if th.suffers(actorLeaves) {
		h.leave(ctx, id)
	}
	_ = th.point(crashAfterReply) // the reply is on its way
	return reply, nil
}

// outcome is an outcome for the trace.
type outcome contract.Outcome

func (o outcome) String() string {
	switch {
	case o.Record != nil:
		return fmt.Sprintf("%s as version %d", o.Status, o.Record.Version)
	case o.Refusal != nil && o.Refusal.Available != nil:
		return fmt.Sprintf("refused: %s, %d available", o.Refusal.Code, o.Refusal.Available.Minor)
	case o.Refusal != nil:
		return fmt.Sprintf("refused: %s", o.Refusal.Code)
	default:
		return fmt.Sprintf("%s: %s", o.Status, o.Reason)
	}
}

// leave deactivates an actor. A clearing actor keeps nothing; one of the accounts leaves in its place.
func (h *host) leave(ctx context.Context, id string) {
	if strings.HasPrefix(id, clearingActor("")) {
		id = string(h.world.people[threadOf(ctx).IntN(len(h.world.people))].account)
	}
	h.actors.Deactivate(ctx, contract.ActorType, id)
}

// move places an actor on another host. The old one may or may not be notified.
func (w *world) move(th *thread, id string) {
	to, notified := th.IntN(len(w.hosts)), th.IntN(2) == 0
	w.mu.Lock()
	old := w.hosts[w.slotOf(id)]
	w.located[id] = to
	w.mu.Unlock()
	th.note("moves %s from host %d to host %d, deactivated: %t", w.name(id), old.slot, to, notified)
	if !notified || old.slot == to {
		return
	}
	w.running.Go(func() {
		ctx, stop := old.serve(w.ctx)
		defer stop()
		th, leave, err := old.enter(ctx, id)
		if err != nil {
			return
		}
		defer leave()
		if th.pass(ctx, wayMin, wayMax) == nil {
			old.leave(th.in(ctx), id)
		}
	})
}
