package simulation

import (
	"context"
	"fmt"
	"time"

	"corebank/internal/contract"
)

// chaos lets events happen until ctx ends.
func (w *world) chaos(ctx context.Context) {
	th := w.thread("weather", nil)
	for w.sleep(ctx, th.between(20*time.Millisecond, 2*time.Second)) == nil {
		w.takeCopy()
		if w.cluster != nil {
			w.cluster.disturb(ctx)
		}
		if e, is := w.drawEvent(th); is {
			w.count(e)
			w.happen(ctx, th, e)
		}
	}
}

// drawEvent chooses among the events by their weights, or none.
func (w *world) drawEvent(th *thread) (fault, bool) {
	luck := th.Float64() * float64(len(events)) / 2
	for _, e := range events {
		if luck -= w.weather[e]; luck < 0 {
			return e, true
		}
	}
	return "", false
}

func (w *world) happen(ctx context.Context, th *thread, e fault) {
	th.note("%s", e)
	switch e {
	case killed:
		if p := w.anybody(th); p != nil {
			p.crash()
		}
	case froze:
		if p := w.anybody(th); p != nil {
			p.freeze(th.between(50*time.Millisecond, 8*time.Second))
		}
	case sourceTwice:
		if d := w.anyDisk(th); len(w.sourcesOf(d)) < 3 {
			w.startSource(d)
		}
	case diskAway:
		w.anyDisk(th).goAway(th)
	case sourceHalted:
		for _, s := range w.sourcesOf(w.anyDisk(th)) {
			s.halt(th.between(time.Second, 12*time.Second))
		}
	case brokerEmpty:
		w.topic.lose()
	case accountMoved:
		for _, p := range w.people {
			w.move(th, string(p.account))
		}
		w.move(th, clearingActor(fmt.Sprint(1+th.IntN(contract.ClearingActors))))
	case clockStepped:
		w.mu.Lock()
		h := w.hosts[th.IntN(len(w.hosts))]
		w.mu.Unlock()
		h.set(th.between(-time.Hour, time.Hour))
	case logPutBack:
		w.putBack(ctx, th)
	case cursorCut:
		for _, s := range w.subscribers {
			s.breakOff()
		}
	}
}

// anyDisk is one of the log's disks.
func (w *world) anyDisk(th *thread) *disk { return w.disks[th.IntN(len(w.disks))] }

// anybody is a process that lives.
func (w *world) anybody(th *thread) *process {
	live := append(w.sourceProcesses(), w.slotted()...)
	if p := live[th.IntN(len(live))]; !p.dead.Load() {
		return p
	}
	return nil
}
