package simulation

import (
	"context"
	"fmt"

	"corebank/eventsource/storage"
)

// sequenceDrive is one sequencer's access to the sequence of several partitions.
type sequenceDrive struct {
	storage.SequenceLog
	disk *disk
	of   *process
}

func (d *sequenceDrive) Acquire(ctx context.Context) (last storage.Cut, err error) {
	err = d.disk.acquire(ctx, d, func() error {
		last, err = d.SequenceLog.Acquire(ctx)
		return err
	})
	return last, err
}

func (d *sequenceDrive) Add(ctx context.Context, cuts ...storage.Cut) error {
	return d.disk.commit(ctx, func(ctx context.Context, th *thread) error {
		return d.disk.write(th, d, d.of, fmt.Sprint(cuts), func() error {
			if err := d.SequenceLog.Add(ctx, cuts...); err != nil {
				return err
			}
			th.note("adds %v", cuts)
			return nil
		})
	})
}

func (d *sequenceDrive) Cuts(ctx context.Context, first int64, limit int) ([]storage.Cut, error) {
	return reach(d.disk, d.of, func() ([]storage.Cut, error) { return d.SequenceLog.Cuts(ctx, first, limit) })
}

func (d *sequenceDrive) Checkpoint(ctx context.Context) (int64, error) {
	return reach(d.disk, d.of, func() (int64, error) { return d.SequenceLog.Checkpoint(ctx) })
}

func (d *sequenceDrive) SaveCheckpoint(ctx context.Context, position int64) error {
	return d.disk.saveCheckpoint(ctx, d.of, func() error { return d.SequenceLog.SaveCheckpoint(ctx, position) })
}
