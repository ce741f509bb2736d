package simulation

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"corebank/actor"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity/identitytest"
)

// host is one life of an actor host, with its sidecar.
type host struct {
	*process
	slot   int
	actors *actor.Host
	skew   atomic.Int64 // how wrong its clock is, as a time.Duration
	// transfers takes them to their end, in the same process.
	transfers *transfers

	lanes map[bank.AccountID]*lane // with the process's lock
}

// lane gives an account its turns one by one, as a sidecar does.
type lane struct {
	*thread
	turn chan struct{}
}

// keysKept is how many keys of an account its actor remembers: few, so that the
// accounts of a run have older ones.
const keysKept = 3

// startHost starts an actor host in a slot.
func (w *world) startHost(slot, life int) {
	name := fmt.Sprintf("host %d.%d", slot, life)
	h := &host{slot: slot, lanes: make(map[bank.AccountID]*lane)}
	h.process = w.process(name, func() {
		w.topic.leave(h.transfers.queue)
		w.startHost(slot, life+1)
	})
	h.actors = actor.NewHost(between(w.parts.Actors, actor.Log(w.ownLog())),
		between(w.parts.Snapshots, actor.Snapshots(w.snapshots)), h.clock, identitytest.Believe)
	h.actors.KeepKeys(keysKept)
	h.run(w.thread(name+" snapshots", h.process), h.actors.RunSnapshots)
	h.transfers = h.startTransfers(name)
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

// hostOf is the host that a call for an account goes to; nil if it is down.
func (w *world) hostOf(th *thread, id bank.AccountID) *host {
	other := th.IntN(len(w.hosts))
	if !th.suffers(callMisrouted) {
		w.mu.Lock()
		other = w.located[id]
		w.mu.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := w.hosts[other]; !h.dead.Load() {
		return h
	}
	return nil
}

func (h *host) lane(id bank.AccountID) *lane {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lanes[id]
	if l == nil {
		l = &lane{h.world.thread(h.name+" "+h.world.name(id), h.process), make(chan struct{}, 1)}
		h.lanes[id] = l
	}
	return l
}

// enter waits for the account's turn on this host; leave ends it.
func (h *host) enter(ctx context.Context, id bank.AccountID) (l *lane, leave func(), err error) {
	l = h.lane(id)
	select {
	case l.turn <- struct{}{}:
		leave = func() { <-l.turn }
	case <-ctx.Done():
		err = ctx.Err()
	}
	if !h.dead.Load() {
		return l, leave, err
	}
	if err == nil { // both were possible
		leave()
	}
	return nil, nil, errCrashed
}

// execute gives an account a turn.
func (h *host) execute(
	ctx context.Context, id bank.AccountID, batch contract.CommandBatch,
) (contract.CommandReply, error) {
	ctx, stop := h.serve(ctx)
	defer stop()
	l, leave, err := h.enter(ctx, id)
	if err != nil {
		return contract.CommandReply{}, err
	}
	defer leave()
	if err := h.thaw(ctx, l.thread); err != nil {
		return contract.CommandReply{}, err
	}
	reply, err := h.actors.Execute(l.in(ctx), id, batch)
	if err != nil || h.dead.Load() {
		return contract.CommandReply{}, errCrashed
	}
	for i, o := range reply.Outcomes {
		l.note("%s %s", batch.Commands[i].Key, outcome(o))
	}
	if err := l.point(crashBeforeReply); err != nil {
		return contract.CommandReply{}, err
	}
	if l.suffers(actorLeaves) {
		h.actors.Deactivate(ctx, contract.ActorType, string(id))
	}
	_ = l.point(crashAfterReply) // the reply is on its way
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

// move places an account on another host. The old one may or may not be notified.
func (w *world) move(th *thread, id bank.AccountID) {
	to, notified := th.IntN(len(w.hosts)), th.IntN(2) == 0
	w.mu.Lock()
	old := w.hosts[w.located[id]]
	w.located[id] = to
	w.mu.Unlock()
	th.note("moves %s from host %d to host %d, deactivated: %t", w.name(id), old.slot, to, notified)
	if !notified || old.slot == to {
		return
	}
	w.running.Go(func() {
		ctx, stop := old.serve(w.ctx)
		defer stop()
		l, leave, err := old.enter(ctx, id)
		if err != nil {
			return
		}
		defer leave()
		if l.pass(ctx, wayMin, wayMax) == nil {
			old.actors.Deactivate(ctx, contract.ActorType, string(id))
		}
	})
}
