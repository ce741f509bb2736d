package simulation

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"corebank/check/laws"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// disk is the durable state of a log, of one of its partitions or of their sequence, with what is known of who
// wrote it.
type disk struct {
	world    *world
	part     storage.Partition
	log      *storage.MemoryLog         // nil for a sequence
	sequence *storage.MemorySequenceLog // nil for a log
	cluster  *cluster                   // that has the log on several machines, in place of the above
	away     atomic.Int64               // until when it is unreachable, as a time.Duration of the run

	mu        sync.Mutex
	holder    any // the drive that took it over last
	takeovers int
}

// name tells the disks of a run apart; it is empty if there is only one.
func (d *disk) name() string {
	switch {
	case d.part.Of == 0:
		return ""
	case d.sequence != nil:
		return " of the sequence"
	default:
		return fmt.Sprintf(" of partition %d", d.part.Number)
	}
}

// unreachable reports whether the storage cannot be reached now.
func (d *disk) unreachable() bool {
	return !d.world.healed.Load() && time.Duration(d.away.Load()) > d.world.now()
}

// goAway makes it unreachable for a while, sometimes longer than any call waits.
func (d *disk) goAway(th *thread) {
	d.away.Store(int64(d.world.now() + th.between(50*time.Millisecond, 12*time.Second)))
}

// heldBy reports whether a drive is the one that took it over last.
func (d *disk) heldBy(drive any) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.holder == drive
}

// acquire has a drive take the disk over, or fails before or after it did.
func (d *disk) acquire(ctx context.Context, drive any, take func() error) error {
	th := threadOf(ctx)
	h := hazards{crashBeforeAcquire, acquireLost, crashAfterAcquire, acquireUnknown}
	return th.durably(ctx, 10*time.Millisecond, h, func() error {
		if d.unreachable() {
			return errAway
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := take(); err != nil {
			th.note("cannot take the log over: %v", err)
			return err
		}
		d.holder, d.takeovers = drive, d.takeovers+1
		th.note("takes the log over")
		return nil
	})
}

// write makes something durable for a drive, of a process, that must hold the disk.
func (d *disk) write(th *thread, drive any, of *process, what string, write func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := write(); err != nil {
		th.note("may not write %s: %v", what, err)
		return err
	}
	if d.holder != drive {
		th.world.violated(laws.Fenced, "%s wrote although another one had taken the disk%s over", of.name, d.name())
	}
	return nil
}

// commit has something land, or fails before, while or after it did.
func (d *disk) commit(ctx context.Context, land landing) error {
	th := threadOf(ctx)
	h := hazards{crashBeforeCommit, commitLost, crashAfterCommit, commitUnknown}
	err := th.durably(ctx, 8*time.Millisecond, h, func() error {
		switch {
		case d.unreachable():
			return errAway
		case th.suffers(commitLate):
			d.landLater(th, 3*time.Second, land)
			return errLost
		case th.suffers(commitHangs):
			d.landLater(th, 20*time.Second, land)
			return cmp.Or(th.world.endure(ctx, th, time.Minute), errLost)
		case th.suffers(commitCut):
			d.goAway(th)
			if th.IntN(2) == 0 {
				return errLost
			}
		}
		if err := land(ctx, th); err != nil || !d.unreachable() {
			return err
		}
		return errLost
	})
	if err != nil {
		return err
	}
	return th.pass(ctx, 100*time.Microsecond, time.Millisecond)
}

// landing makes something durable.
type landing func(ctx context.Context, th *thread) error

// landLater lets a commit take effect when its writer has given up on it, unless the disk was taken over meanwhile.
func (d *disk) landLater(th *thread, most time.Duration, land landing) {
	d.mu.Lock()
	takeovers := d.takeovers
	d.mu.Unlock()
	th.world.later(th, most, func(ctx context.Context) {
		d.mu.Lock()
		forbidden := d.takeovers != takeovers
		d.mu.Unlock()
		if th := threadOf(ctx); forbidden {
			th.note("the late commit is refused")
		} else if err := land(ctx, th); err != nil {
			th.note("the late commit fails: %v", err)
		}
	})
}

// saveCheckpoint has the relay's checkpoint saved, or fails before or after that.
func (d *disk) saveCheckpoint(ctx context.Context, of *process, save func() error) error {
	h := hazards{before: crashBeforeCheckpoint, lost: checkpointLost, after: crashAfterCheckpoint}
	return threadOf(ctx).durably(ctx, 5*time.Millisecond, h, func() error {
		if err := d.fault(of); err != nil {
			return err
		}
		return save()
	})
}

// fault is what keeps a process from the disk, or nil.
func (d *disk) fault(of *process) error {
	if of.dead.Load() || d.unreachable() {
		return errAway
	}
	return nil
}

// drive is one event source's access to a log: a Storage that fails in all the ways that a storage at the other end
// of a connection can.
type drive struct {
	storage.Log
	disk  *disk
	of    *process
	known int64 // the last position that it read at its takeover or wrote
}

func (d *drive) Acquire(ctx context.Context) (head int64, err error) {
	err = d.disk.acquire(ctx, d, func() error {
		head, err = d.Log.Acquire(ctx)
		if err == nil {
			d.known = head
		}
		return err
	})
	return head, err
}

func (d *drive) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	return d.disk.commit(ctx, func(ctx context.Context, th *thread) error {
		return d.disk.write(th, d, d.of, fmt.Sprintf("%d records", len(records)), func() error {
			if err := d.Log.Commit(ctx, records, assumed); err != nil {
				return err
			}
			d.known = max(d.known, records[len(records)-1].Position)
			for _, r := range records {
				th.world.landed(r)
				name := th.world.name(string(r.Account))
				th.note("position %d%s is %s version %d: %s under key %s", r.Position, d.disk.name(), name,
					r.Version, r.Type, r.Key)
			}
			return nil
		})
	})
}

// reach calls the storage for a process, unless it cannot be reached.
func reach[T any](d *disk, of *process, call func() (T, error)) (result T, err error) {
	if err := d.fault(of); err != nil {
		return result, err
	}
	return call()
}

func (d *drive) StreamVersion(ctx context.Context, id bank.AccountID) (int64, error) {
	return reach(d.disk, d.of, func() (int64, error) { return d.Log.StreamVersion(ctx, id) })
}

func (d *drive) ReadStream(ctx context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error) {
	return reach(d.disk, d.of, func() ([]contract.Record, error) { return d.Log.ReadStream(ctx, id, after, limit) })
}

// An event source that has lost the log may not know what others have written to it since.
func (d *drive) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	d.disk.mu.Lock()
	holds, known := d.disk.holder == d, d.known
	d.disk.mu.Unlock()
	if !holds {
		limit = int(min(int64(limit), max(0, known-after)))
	}
	return reach(d.disk, d.of, func() ([]contract.Record, error) { return d.Log.ReadAll(ctx, after, limit) })
}

func (d *drive) FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	return reach(d.disk, d.of, func() ([]contract.Record, error) { return d.Log.FindKeys(ctx, id, keys) })
}

// An event source that has lost the log does not know the keys of what others have written to it since.
func (d *drive) MayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	return reach(d.disk, d.of, func() ([]bool, error) {
		repeats, err := d.Log.MayRepeat(ctx, appends)
		if !d.disk.heldBy(d) {
			clear(repeats)
		}
		return repeats, err
	})
}

func (d *drive) Checkpoint(ctx context.Context) (int64, error) {
	return reach(d.disk, d.of, func() (int64, error) { return d.Log.Checkpoint(ctx) })
}

func (d *drive) SaveCheckpoint(ctx context.Context, position int64) error {
	return d.disk.saveCheckpoint(ctx, d.of, func() error { return d.Log.SaveCheckpoint(ctx, position) })
}
