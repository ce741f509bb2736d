package simulation

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"corebank/eventsource"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// disk is the log's durable state, and all that is known of how it came about.
type disk struct {
	world *world
	log   *eventsource.MemoryLog
	away  atomic.Int64 // until when nobody reaches it, as a time.Duration of the run

	mu        sync.Mutex
	holder    *drive // who took the log over last
	takeovers int
	landed    []time.Duration // when each record became durable
}

// unreachable reports whether the storage cannot be reached now.
func (d *disk) unreachable() bool {
	return !d.world.healed.Load() && time.Duration(d.away.Load()) > d.world.now()
}

// goAway makes it unreachable for a while, sometimes longer than anybody waits.
func (d *disk) goAway(th *thread) {
	d.away.Store(int64(d.world.now() + th.between(50*time.Millisecond, 12*time.Second)))
}

// landedAt is when the record at a position became durable.
func (d *disk) landedAt(position int64) (at time.Duration, durable bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if position < 1 || position > int64(len(d.landed)) {
		return 0, false
	}
	return d.landed[position-1], true
}

// head is how many records are durable.
func (d *disk) head() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(d.landed))
}

// drive is one event source's access to the disk: a Storage that fails in all
// the ways that a storage at the other end of a connection can.
type drive struct {
	eventsource.Storage
	disk  *disk
	of    *process
	known int64 // the last position that it read at its takeover or wrote
}

// Acquire takes the log over, or fails before or after it did.
func (d *drive) Acquire(ctx context.Context) (int64, error) {
	th := threadOf(ctx)
	if err := th.pass(ctx, time.Millisecond, 10*time.Millisecond); err != nil {
		return 0, err
	}
	if err := th.point(crashBeforeAcquire); err != nil {
		return 0, err
	}
	if d.disk.unreachable() {
		return 0, errAway
	}
	if th.suffers(acquireLost) {
		return 0, errLost
	}
	head, err := d.takeOver(ctx)
	if err != nil {
		th.note("cannot take the log over: %v", err)
		return 0, err
	}
	th.note("takes the log over at position %d", head)
	if err := th.point(crashAfterAcquire); err != nil {
		return 0, err
	}
	if th.suffers(acquireUnknown) {
		return 0, errLost
	}
	return head, nil
}

func (d *drive) takeOver(ctx context.Context) (int64, error) {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	head, err := d.Storage.Acquire(ctx)
	if err == nil {
		d.disk.holder, d.known = d, head
		d.disk.takeovers++
	}
	return head, err
}

// Commit writes records, or fails before, while or after it did.
func (d *drive) Commit(ctx context.Context, records []contract.Record, assumed eventsource.Heads) error {
	th := threadOf(ctx)
	if err := th.pass(ctx, time.Millisecond, 8*time.Millisecond); err != nil {
		return err
	}
	if err := th.point(crashBeforeCommit); err != nil {
		return err
	}
	switch {
	case d.disk.unreachable():
		return errAway
	case th.suffers(commitLost):
		return errLost
	case th.suffers(commitLate):
		d.landLater(th, 3*time.Second, records, assumed)
		return errLost
	case th.suffers(commitHangs):
		d.landLater(th, 20*time.Second, records, assumed)
		if err := th.world.endure(ctx, th, time.Minute); err != nil {
			return err
		}
		return errLost
	case th.suffers(commitCut):
		d.disk.goAway(th)
		if th.IntN(2) == 0 {
			return errLost
		}
	}
	if err := d.land(ctx, th, records, assumed); err != nil {
		return err
	}
	if d.disk.unreachable() {
		return errLost
	}
	if err := th.point(crashAfterCommit); err != nil {
		return err
	}
	if th.suffers(commitUnknown) {
		return errLost
	}
	return th.pass(ctx, 100*time.Microsecond, time.Millisecond)
}

// landLater lets a commit take effect when its writer has given up on it,
// unless the log was taken over meanwhile.
func (d *drive) landLater(th *thread, most time.Duration, records []contract.Record, assumed eventsource.Heads) {
	d.disk.mu.Lock()
	takeovers := d.disk.takeovers
	d.disk.mu.Unlock()
	th.world.later(th, most, func(ctx context.Context) {
		d.disk.mu.Lock()
		forbidden := d.disk.takeovers != takeovers
		d.disk.mu.Unlock()
		if th := threadOf(ctx); forbidden {
			th.note("the commit of %d records is refused", len(records))
		} else if err := d.land(ctx, th, records, assumed); err != nil {
			th.note("the commit of %d records fails: %v", len(records), err)
		}
	})
}

// land makes records durable.
func (d *drive) land(ctx context.Context, th *thread, records []contract.Record, assumed eventsource.Heads) error {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	if err := d.Storage.Commit(ctx, records, assumed); err != nil {
		th.note("may not commit %d records: %v", len(records), err)
		return err
	}
	if d.disk.holder != d {
		th.world.violated(OneWriter, "%s wrote although another event source had taken the log over", d.of.name)
	}
	d.known = max(d.known, records[len(records)-1].Position)
	for _, r := range records {
		d.disk.landed = append(d.disk.landed, th.world.now())
		th.note("position %d is %s version %d: %s under key %s", r.Position, th.world.name(r.Account), r.Version, r.Type, r.Key)
	}
	return nil
}

// fault is what keeps a call from the storage, or nil.
func (d *drive) fault() error {
	if d.of.dead.Load() || d.disk.unreachable() {
		return errAway
	}
	return nil
}

// StreamVersion implements eventsource.Storage.
func (d *drive) StreamVersion(ctx context.Context, id bank.AccountID) (int64, error) {
	if err := d.fault(); err != nil {
		return 0, err
	}
	return d.Storage.StreamVersion(ctx, id)
}

// ReadStream implements eventsource.Storage.
func (d *drive) ReadStream(ctx context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error) {
	if err := d.fault(); err != nil {
		return nil, err
	}
	return d.Storage.ReadStream(ctx, id, after, limit)
}

// ReadAll implements eventsource.Storage. One that has lost the log may not know
// what others have written to it since.
func (d *drive) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	if err := d.fault(); err != nil {
		return nil, err
	}
	d.disk.mu.Lock()
	holds, known := d.disk.holder == d, d.known
	d.disk.mu.Unlock()
	if !holds {
		limit = int(min(int64(limit), max(0, known-after)))
	}
	return d.Storage.ReadAll(ctx, after, limit)
}

// FindKeys implements eventsource.Storage.
func (d *drive) FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	if err := d.fault(); err != nil {
		return nil, err
	}
	return d.Storage.FindKeys(ctx, id, keys)
}

// MayRepeat implements eventsource.Storage. One that has lost the log does not
// know the keys of what others have written to it since.
func (d *drive) MayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	if err := d.fault(); err != nil {
		return nil, err
	}
	d.disk.mu.Lock()
	holds := d.disk.holder == d
	d.disk.mu.Unlock()
	repeats, err := d.Storage.MayRepeat(ctx, appends)
	if !holds {
		clear(repeats)
	}
	return repeats, err
}

// Checkpoint implements eventsource.Storage.
func (d *drive) Checkpoint(ctx context.Context) (int64, error) {
	if err := d.fault(); err != nil {
		return 0, err
	}
	return d.Storage.Checkpoint(ctx)
}

// SaveCheckpoint implements eventsource.Storage.
func (d *drive) SaveCheckpoint(ctx context.Context, position int64) error {
	th := threadOf(ctx)
	if err := th.pass(ctx, time.Millisecond, 5*time.Millisecond); err != nil {
		return err
	}
	if err := th.point(crashBeforeCheckpoint); err != nil {
		return err
	}
	if th.suffers(checkpointLost) {
		return errLost
	}
	if err := d.fault(); err != nil {
		return err
	}
	if err := d.Storage.SaveCheckpoint(ctx, position); err != nil {
		return err
	}
	return th.point(crashAfterCheckpoint)
}
