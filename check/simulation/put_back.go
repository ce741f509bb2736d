package simulation

import (
	"context"
	"math"
	"time"

	"corebank/check/laws"
	"corebank/internal/contract"
)

// earlier are where each disk ended at some instants, oldest first: what an operator can put the log back to.
type earlier [][]int64

// takeCopy notes how the log is now: all partitions and their sequence at one instant, at which nothing else happens.
func (w *world) takeCopy() {
	if w.cluster != nil {
		return // it is not put back
	}
	ends := make([]int64, len(w.disks))
	for i, d := range w.disks {
		ends[i] = d.end()
	}
	w.copies = append(w.copies, ends)
}

// stopTime is how long what decides and writes is stopped before an earlier copy of the log is put back: longer than
// anything is on its way.
const stopTime = 25 * time.Second

// putBack replaces the log by an earlier copy of itself, while no one decides or writes. Gateways, projectors,
// subscribers, the broker and the stores have what the log does not have any more, and have to find that out.
func (w *world) putBack(ctx context.Context, th *thread) {
	w.stopped.Store(true)
	defer w.stopped.Store(false)
	for _, p := range append(w.slotted()[:len(w.hosts)], w.sourceProcesses()...) {
		th.alone()
		p.crash()
	}
	if w.sleep(ctx, stopTime) != nil {
		return
	}
	chosen := th.IntN(len(w.copies))
	ends := w.copies[chosen]
	w.copies = w.copies[:chosen+1]
	for i, d := range w.disks {
		d.putBack(ends[i])
	}
	th.note("the log ends at %v", ends)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastPutBack, w.shown = w.now(), nil
	for i := range w.asked {
		w.asked[i].forget()
	}
}

// end is how long the log is, or of how many cuts the sequence.
func (d *disk) end() int64 {
	if d.sequence != nil {
		return int64(d.sequence.Head())
	}
	return d.log.Head()
}

// putBack lets the disk end where a copy of it did.
func (d *disk) putBack(end int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holder, d.takeovers = nil, d.takeovers+1
	if d.sequence != nil {
		d.sequence.Restore(int(end))
		return
	}
	lost, err := d.readAll(d.world.ctx, end, math.MaxInt)
	if err != nil {
		d.world.violated(laws.Position, "the log%s cannot be read: %v", d.name(), err)
	}
	d.log.Restore(end)
	d.world.mu.Lock()
	defer d.world.mu.Unlock()
	for _, r := range lost {
		delete(d.world.durable, event{r.Account, r.Version})
	}
}

// forget makes an attempt one whose outcome is not known: the log it came from was put back. That the request was
// made stays true, and what it made may still be there, or come late.
func (a *attempt) forget() {
	known := a.Answer
	*a = attempt{}
	a.Request, a.Client, a.Sent, a.Answered = known.Request, known.Client, known.Sent, known.Answered
	a.take(contract.Outcome{Status: contract.Unknown, Reason: "the log was put back"})
}

// wasPutBack reports whether the log was ever put back.
func (w *world) wasPutBack() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lastPutBack > 0
}
