package simulation

import (
	"context"
	"math"
	"time"

	"corebank/actor/saga"
	"corebank/check/laws"
	"corebank/internal/contract"
)

// startTransfers starts a host's driver. Its subscription to the topic is new, and begins with whatever comes next.
func (h *host) startTransfers(name string) {
	w := h.world
	log := w.ownLog()
	reads := w.thread(name+" transfers from the log", h.process) // at the topic's word and at its own, one at a time
	log.as = func(ctx context.Context, _ string) context.Context { return reads.in(ctx) }
	driver := saga.New(saga.Parts{
		Log:      log,
		Call:     between(w.parts.Saga, h.sidecar(name+" transfers to")),
		Store:    checkpointStore{w.checkpoints, w.thread(name+" checkpoints", h.process)},
		Divided:  len(w.logs()) > 1 && !w.parts.Undivided,
		Here:     h.actors.Has,
		Restored: h.actors.ForgetAll,
		Clock:    h.clock,
		Salt:     w.thread(name+" salt", nil).Uint64(),
		Logger:   quiet,
	})
	ctx, stop := context.WithCancel(h.ctx)
	h.stopTransfers = stop
	th := w.thread(name+" transfers", h.process)
	w.running.Go(func() {
		_ = driver.Run(ctx, func(ctx context.Context, handle func(context.Context, contract.Batch) error) error {
			w.topic.follow(th.in(ctx), h.queue, handle)
			return nil
		})
	})
}

// checkpointStore is a driver's access to the store of the drivers' checkpoint.
type checkpointStore struct {
	store *snapshotStore
	th    *thread
}

// checkpointKey is the name under which drivers save it.
const checkpointKey = "checkpoint"

func (d checkpointStore) Load(ctx context.Context) ([]byte, error) {
	return d.store.Load(d.th.in(ctx), checkpointKey)
}

func (d checkpointStore) Save(ctx context.Context, data []byte) error {
	return d.store.Save(d.th.in(ctx), checkpointKey, data)
}

// idle reports whether the bank has nothing to do by itself: no transfer to end, and no hold to expire before a
// time.
func (w *world) idle(by time.Time) bool {
	pending := laws.NewPending(by)
	for _, d := range w.logs() {
		records, err := d.readAll(w.ctx, 0, math.MaxInt)
		if err != nil {
			return true
		}
		for _, r := range records {
			pending.Record(r)
		}
	}
	return !pending.Any()
}

// finish gives the drivers time to end all transfers and to note what has expired, and then stops them: nothing is
// to come any more.
func (w *world) finish() {
	w.until("all transfers to end", finishTime, func() bool { return w.idle(time.Time{}) })
	if by := time.Now().Add(expiry); !w.stepped() { // a clock that was wrong puts it off for as long
		w.until("all holds to expire", finishTime, func() bool { return w.idle(by) })
	}
	w.mu.Lock()
	hosts := w.hosts
	w.mu.Unlock()
	for _, h := range hosts {
		h.stopTransfers()
	}
	_ = w.sleep(w.ctx, 2*time.Second) // for what is under way
}

// finishTime is how long a healed bank may take for what it does by itself.
const finishTime = time.Minute

func (w *world) stepped() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.skews) > 1
}
