package saga

import (
	"context"
	"time"

	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// rereadEvery is how often, at most, the log is read again for forgotten transfers as long as there is hardly any room
// for them.
const rereadEvery = time.Minute

// rereadPause is the pause between two readings in any case.
const rereadPause = time.Second

// reread is a second reading of the log for what did not fit. For holds it is one reading, which finds those that
// expire next. For transfers it may take several, each beginning where the one before was full, until the head of the
// log has been reached: so each forgotten transfer is tried, however many before it are stuck.
type reread struct {
	running bool
	at      time.Time // when it was begun last
	// low is where the readings for transfers began, next where they continue; 0 when there are none.
	low, next int64
	holds     int64 // where the reading for holds began, while it runs
}

// rereadLost begins a second reading if something was forgotten and there is room for it again. It may bring back a
// transfer that has ended since; that is ended again, under the same keys, without effect.
func (d *Driver) rereadLost(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, r, now := d.pending, &d.reread, d.Clock()
	if r.running || now.Sub(r.at) < rereadPause {
		return
	}
	if from := p.lostHolds; from != 0 && len(p.holds.byExpiry) <= p.limits.holds/2 {
		p.lostHolds, r.holds, r.at, r.running = 0, from, now, true
		d.readAgain(ctx, from, d.foundHolds)
		return
	}
	if r.next == 0 && p.lostTransfers == 0 || len(p.transfers) > p.limits.transfers/2 && now.Sub(r.at) < rereadEvery {
		return
	}
	if r.next == 0 {
		r.low, r.next, p.lostTransfers = p.lostTransfers, p.lostTransfers, 0
	}
	r.at, r.running = now, true
	d.readAgain(ctx, r.next, d.foundTransfers)
}

// readAgain folds the log from a position up to where the driver is now, and passes on what it found, or nothing if the
// log cannot be read. d.mu is held.
func (d *Driver) readAgain(ctx context.Context, from int64, found func(p *pendingState, complete bool)) {
	to, limits := d.pending.at.Position, d.pending.limits
	d.rereading.Go(func() {
		p := newPendingState(limits)
		p.at.Position, p.rereading = from-1, true
		past := logclient.Follower{Log: d.Log, Position: func() int64 { return p.at.Position }, Take: p.takeUpTo(to)}
		if err := past.Pull(ctx, to); err != nil || p.at.Position < to {
			d.Logger.Warn("what was forgotten cannot be read again yet", "from", from, "error", err)
			found(newPendingState(limits), false)
			return
		}
		found(p, true)
	})
}

// takeUpTo folds records up to a position, and none after it.
func (p *pendingState) takeUpTo(to int64) func(context.Context, []contract.Record, bool) error {
	return func(_ context.Context, records []contract.Record, _ bool) error {
		for _, r := range records {
			if r.Position <= to {
				_ = p.fold(r) // a record that cannot be read was logged the first time
			}
		}
		return nil
	}
}

func (d *Driver) foundHolds(found *pendingState, complete bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !complete {
		noteLost(&d.pending.lostHolds, d.reread.holds) // read once more
	}
	noteLost(&d.pending.lostHolds, found.lostHolds)
	d.reread.running, d.reread.holds, d.changed = false, 0, true
	for _, h := range found.holds.byExpiry {
		h.Again = true
		d.pending.addHold(h)
	}
}

func (d *Driver) foundTransfers(found *pendingState, complete bool) {
	d.mu.Lock()
	d.reread.running, d.changed = false, true
	if complete {
		d.reread.next = found.lostTransfers // where it was full
	}
	if d.reread.next == 0 {
		d.reread.low = 0
	}
	for _, t := range found.sorted(all) {
		t.Since = d.Clock().UTC() // it is tried once before others that are stuck
		t.ours, t.Again = true, true
		d.pending.add(t)
	}
	d.mu.Unlock()
	d.act()
}
