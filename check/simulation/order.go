package simulation

import (
	"context"

	"corebank/eventsource"
)

// orderDrive is one sequencer's access to the order of several partitions.
type orderDrive struct {
	eventsource.OrderLog
	disk *disk
	of   *process
}

// Acquire implements eventsource.OrderLog.
func (d *orderDrive) Acquire(ctx context.Context) (last eventsource.Round, err error) {
	err = d.disk.acquire(ctx, d, func() error {
		last, err = d.OrderLog.Acquire(ctx)
		return err
	})
	return last, err
}

// Add implements eventsource.OrderLog.
func (d *orderDrive) Add(ctx context.Context, rounds ...eventsource.Round) error {
	return d.disk.commit(ctx, func(ctx context.Context, th *thread) error { return d.land(ctx, th, rounds) })
}

// land makes rounds durable.
func (d *orderDrive) land(ctx context.Context, th *thread, rounds []eventsource.Round) error {
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	if err := d.OrderLog.Add(ctx, rounds...); err != nil {
		th.note("may not add %v: %v", rounds, err)
		return err
	}
	if d.disk.holder != d {
		th.world.violated(OneWriter, "%s wrote although another sequencer had taken the order over", d.of.name)
	}
	th.note("adds %v", rounds)
	return nil
}

// Rounds implements eventsource.OrderLog.
func (d *orderDrive) Rounds(ctx context.Context, first int64, limit int) ([]eventsource.Round, error) {
	if err := d.disk.fault(d.of); err != nil {
		return nil, err
	}
	return d.OrderLog.Rounds(ctx, first, limit)
}

// Checkpoint implements eventsource.OrderLog.
func (d *orderDrive) Checkpoint(ctx context.Context) (int64, error) {
	if err := d.disk.fault(d.of); err != nil {
		return 0, err
	}
	return d.OrderLog.Checkpoint(ctx)
}

// SaveCheckpoint implements eventsource.OrderLog.
func (d *orderDrive) SaveCheckpoint(ctx context.Context, position int64) error {
	return d.disk.saveCheckpoint(ctx, d.of, func() error { return d.OrderLog.SaveCheckpoint(ctx, position) })
}
