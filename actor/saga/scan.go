package saga

import (
	"context"
	"time"

	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// scanEvery is how often, at most, the log is read again for forgotten
// transfers as long as there is hardly any room for them.
const scanEvery = time.Minute

// scanPause is the pause between two readings in any case.
const scanPause = time.Second

// scan is a second reading of the log for what did not fit. For holds it is
// one reading, which finds those that expire next. For transfers it may take
// several, each beginning where the one before was full, until the head of the
// log has been reached: so each forgotten transfer is tried, however many
// before it are stuck.
type scan struct {
	running bool
	at      time.Time // when it was begun last
	// low is where the readings for transfers began, next where they go on; 0
	// when there are none.
	low, next int64
	holds     int64 // where the reading for holds began, while it runs
}

// lookBack begins a second reading if something was forgotten and there is
// room for it again. What has ended since may come back to life by it: it is
// ended again, under the same keys, without effect.
func (d *Driver) lookBack(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, s, now := d.book, &d.scan, d.Clock()
	if s.running || now.Sub(s.at) < scanPause {
		return
	}
	if from := b.lostHolds; from != 0 && len(b.holds.byExpiry) <= b.most.holds/2 {
		b.lostHolds, s.holds, s.at, s.running = 0, from, now, true
		d.reread(ctx, from, d.foundHolds)
		return
	}
	if s.next == 0 && b.lostTransfers == 0 || len(b.transfers) > b.most.transfers/2 && now.Sub(s.at) < scanEvery {
		return
	}
	if s.next == 0 {
		s.low, s.next, b.lostTransfers = b.lostTransfers, b.lostTransfers, 0
	}
	s.at, s.running = now, true
	d.reread(ctx, s.next, d.foundTransfers)
}

// reread folds the log from a position up to where the book is now, and hands
// on what it found, or less if the log cannot be read. d.mu is held.
func (d *Driver) reread(ctx context.Context, from int64, found func(b *book, whole bool)) {
	to, most := d.book.position, d.book.most
	d.rereading.Go(func() {
		b := newBook(most)
		b.position, b.second = from-1, true
		past := logclient.Follower{Log: d.Log, Position: func() int64 { return b.position }, Take: b.takeUpTo(to)}
		if err := past.Pull(ctx, to); err != nil || b.position < to {
			d.Logger.Warn("what was forgotten cannot be read again yet", "from", from, "error", err)
			found(newBook(most), false)
			return
		}
		found(b, true)
	})
}

// takeUpTo folds records up to a position, and none after it.
func (b *book) takeUpTo(to int64) func(context.Context, []contract.Record, bool) error {
	return func(_ context.Context, records []contract.Record, _ bool) error {
		for _, r := range records {
			if r.Position <= to {
				_ = b.fold(r) // a record that cannot be read was logged the first time
			}
		}
		return nil
	}
}

func (d *Driver) foundHolds(found *book, whole bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !whole {
		lost(&d.book.lostHolds, d.scan.holds) // once more
	}
	lost(&d.book.lostHolds, found.lostHolds)
	d.scan.running, d.scan.holds, d.changed = false, 0, true
	for _, h := range found.holds.byExpiry {
		d.book.place(h)
	}
}

func (d *Driver) foundTransfers(found *book, whole bool) {
	d.mu.Lock()
	d.scan.running, d.changed = false, true
	if whole {
		d.scan.next = found.lostTransfers // where it was full
	}
	if d.scan.next == 0 {
		d.scan.low = 0
	}
	for _, t := range found.inOrder(all) {
		t.Since = d.Clock().UTC() // it has a try before others that stand still
		t.ours = true
		d.book.add(t)
	}
	d.mu.Unlock()
	d.act()
}
