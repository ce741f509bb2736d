package eventsource

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// PartitionLog is one partition as it is read: its API, here or through a
// sidecar. Its positions are those in the partition.
type PartitionLog interface {
	ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error)
	ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error)
	FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error)
}

// StoredPartition is a partition as it is kept, read without an event source.
type StoredPartition struct{ Storage Storage }

// ReadAll implements PartitionLog. It waits for nothing.
func (p StoredPartition) ReadAll(ctx context.Context, r contract.ReadAllRequest) (page contract.Records, err error) {
	page.Records, err = p.Storage.ReadAll(ctx, r.AfterPosition, r.Limit)
	return page, err
}

// ReadStream implements PartitionLog.
func (p StoredPartition) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (page contract.Records, err error) {
	page.Records, err = p.Storage.ReadStream(ctx, r.Account, r.AfterVersion, r.Limit)
	return page, err
}

// FindKeys implements PartitionLog.
func (p StoredPartition) FindKeys(ctx context.Context, r contract.FindKeysRequest) (page contract.Records, err error) {
	page.Records, err = p.Storage.FindKeys(ctx, r.Account, r.Keys)
	return page, err
}

// Total reads several partitions as one log, in their order. What has no place
// in the order yet, it does not show.
type Total struct {
	order      *order
	partitions []PartitionLog
	// await, where set, waits until a position of a partition has its place. The
	// error is that it does not come.
	await func(ctx context.Context, partition int, position int64) error
}

// NewTotal makes a reader of partitions, the first of them number 1, and of the
// order that a sequencer writes elsewhere.
func NewTotal(log OrderLog, partitions []PartitionLog) *Total {
	return &Total{order: newOrder(log, len(partitions)), partitions: partitions}
}

// Refresh learns what was ordered meanwhile, and returns the last position.
func (t *Total) Refresh(ctx context.Context) (head int64, err error) {
	if err := t.order.refresh(ctx); err != nil {
		return 0, fmt.Errorf("read the order: %w", err)
	}
	return t.order.last().Last(), nil
}

// ReadAll reads up to limit records of the whole log after a position. Where a
// partition cannot be read, it reads up to what that one has.
func (t *Total) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	runs, err := t.order.runs(ctx, after, limit)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	read, failures := t.readRuns(ctx, runs)
	var records []contract.Record
	for _, run := range runs {
		rest := read[run.partition-1]
		n := min(len(rest), int(run.last-run.first)+1)
		for i, r := range rest[:n] {
			r.Position = run.at + int64(i)
			records = append(records, r)
		}
		read[run.partition-1] = rest[n:]
		if run.first+int64(n) <= run.last {
			break // the rest of this partition is not there
		}
	}
	if len(records) == 0 {
		return nil, errors.Join(failures...)
	}
	return records, nil
}

// readRuns reads what the runs need of each partition, as far as that can be
// read.
func (t *Total) readRuns(ctx context.Context, runs []run) (read [][]contract.Record, failures []error) {
	read, failures = make([][]contract.Record, len(t.partitions)), make([]error, len(t.partitions))
	first, last := make([]int64, len(t.partitions)), make([]int64, len(t.partitions))
	for _, run := range runs { // those of one partition follow each other
		if p := run.partition - 1; first[p] == 0 {
			first[p], last[p] = run.first, run.last
		} else {
			last[p] = run.last
		}
	}
	var reading sync.WaitGroup
	for p, from := range first {
		if from > 0 {
			reading.Go(func() { read[p], failures[p] = t.readPartition(ctx, p+1, from, last[p]) })
		}
	}
	reading.Wait()
	return read, failures
}

// readPartition reads what is from a position of a partition up to another. With
// an error, it is what can be read.
func (t *Total) readPartition(ctx context.Context, number int, first, last int64) ([]contract.Record, error) {
	var records []contract.Record
	for next := first; next <= last; {
		page, err := t.partitions[number-1].ReadAll(ctx, contract.ReadAllRequest{AfterPosition: next - 1,
			Limit: int(min(last-next+1, contract.MaxReadRecords))})
		if err == nil && len(page.Records) == 0 {
			err = fmt.Errorf("it ends at position %d before %d, which the order has", next-1, last)
		}
		if err == nil {
			err = contiguous(page.Records, next)
		}
		if err != nil {
			return records, fmt.Errorf("partition %d: %w", number, err)
		}
		if over := int64(len(page.Records)) - (last - next + 1); over > 0 {
			page.Records = page.Records[:int64(len(page.Records))-over]
		}
		records = append(records, page.Records...)
		next += int64(len(page.Records))
	}
	return records, nil
}

// contiguous is nil for records whose positions count on from first.
func contiguous(records []contract.Record, first int64) error {
	for i, r := range records {
		if want := first + int64(i); r.Position != want {
			return fmt.Errorf("it gives position %d where %d should be", r.Position, want)
		}
	}
	return nil
}

// ReadStream reads up to limit events of a stream after a version.
func (t *Total) ReadStream(ctx context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error) {
	number := contract.PartitionOf(id, len(t.partitions))
	page, err := t.partitions[number-1].ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: after, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("partition %d: %w", number, err)
	}
	return t.stamp(ctx, number, page.Records)
}

// FindKeys reads the events of a stream that carry one of the keys.
func (t *Total) FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	number := contract.PartitionOf(id, len(t.partitions))
	page, err := t.partitions[number-1].FindKeys(ctx, contract.FindKeysRequest{Account: id, Keys: keys})
	if err != nil {
		return nil, fmt.Errorf("partition %d: %w", number, err)
	}
	return t.stamp(ctx, number, page.Records)
}

// stamp gives records of a partition their positions in the whole log, up to
// the first that has none.
func (t *Total) stamp(ctx context.Context, number int, records []contract.Record) ([]contract.Record, error) {
	for i, r := range records {
		at, placed, err := t.order.place(ctx, number, r.Position)
		if err == nil && !placed && !r.IsUnreadable() && t.await != nil {
			if err = t.await(ctx, number, r.Position); err == nil {
				at, placed, err = t.order.place(ctx, number, r.Position)
			}
		}
		if err != nil {
			return nil, err
		}
		if !placed && !r.IsUnreadable() { // whose own position means nothing
			return records[:i], nil
		}
		records[i].Position = at
	}
	return records, nil
}
