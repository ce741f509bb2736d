package simulation

import (
	"context"

	"corebank/check/laws"
	"corebank/eventsource/storage"
)

// sequenceDrive is one sequencer's access to the sequence of several partitions.
type sequenceDrive struct {
	storage.SequenceLog
	disk *disk
	of   *process
}

// Acquire implements storage.SequenceLog.
func (d *sequenceDrive) Acquire(ctx context.Context) (last storage.Cut, err error) {
	err = d.disk.acquire(ctx, d, func() error {
		last, err = d.SequenceLog.Acquire(ctx)
		return err
	})
	return last, err
}

// Add implements storage.SequenceLog.
func (d *sequenceDrive) Add(ctx context.Context, rounds ...storage.Cut) error {
	return d.disk.commit(ctx, func(ctx context.Context, th *thread) error { return d.land(ctx, th, rounds) })
}

// land makes rounds durable.
func (d *sequenceDrive) land(ctx context.Context, th *thread, rounds []storage.Cut) error {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	if err := d.SequenceLog.Add(ctx, rounds...); err != nil {
		th.note("may not add %v: %v", rounds, err)
		return err
	}
	if d.disk.holder != d {
		th.world.violated(laws.Fenced, "%s wrote although another sequencer had taken the sequence over", d.of.name)
	}
	th.note("adds %v", rounds)
	return nil
}

// Cuts implements storage.SequenceLog.
func (d *sequenceDrive) Cuts(ctx context.Context, first int64, limit int) ([]storage.Cut, error) {
	return reach(d.disk, d.of, func() ([]storage.Cut, error) { return d.SequenceLog.Cuts(ctx, first, limit) })
}

// Checkpoint implements storage.SequenceLog.
func (d *sequenceDrive) Checkpoint(ctx context.Context) (int64, error) {
	return reach(d.disk, d.of, func() (int64, error) { return d.SequenceLog.Checkpoint(ctx) })
}

// SaveCheckpoint implements storage.SequenceLog.
func (d *sequenceDrive) SaveCheckpoint(ctx context.Context, position int64) error {
	return d.disk.saveCheckpoint(ctx, d.of, func() error { return d.SequenceLog.SaveCheckpoint(ctx, position) })
}
