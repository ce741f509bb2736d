package sequencer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// PartitionLog reads one partition: its API, in this process or through a sidecar. Positions are those in the
// partition.
type PartitionLog interface {
	ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error)
	ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error)
	FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error)
}

// StoredPartition reads a partition from its storage, without an event source.
type StoredPartition struct{ Storage storage.Reader }

// ReadAll implements PartitionLog. It does not wait.
func (p StoredPartition) ReadAll(ctx context.Context, r contract.ReadAllRequest) (page contract.Records, err error) {
	page.Records, err = p.Storage.ReadAll(ctx, r.AfterPosition, r.Limit)
	return page, err
}

// ReadStream implements PartitionLog.
func (p StoredPartition) ReadStream(
	ctx context.Context, r contract.ReadStreamRequest,
) (page contract.Records, err error) {
	page.Records, err = p.Storage.ReadStream(ctx, r.Account, r.AfterVersion, r.Limit)
	return page, err
}

// FindKeys implements PartitionLog.
func (p StoredPartition) FindKeys(ctx context.Context, r contract.FindKeysRequest) (page contract.Records, err error) {
	page.Records, err = p.Storage.FindKeys(ctx, r.Account, r.Keys)
	return page, err
}

// MergedLog reads several partitions as one log. It does not show records that have no position in it yet.
type MergedLog struct {
	index      *sequenceIndex
	partitions []PartitionLog
	// await, if set, waits until a record of a partition has its position in the merged log, or fails.
	await func(ctx context.Context, partition int, position int64) error
	// refuse, if set, is why a partition must not be read.
	refuse func(partition int) error
}

// partition is a partition by its number, unless it must not be read.
func (l *MergedLog) partition(number int) (PartitionLog, error) {
	if l.refuse != nil {
		if err := l.refuse(number); err != nil {
			return nil, fmt.Errorf("partition %d: %w", number, err)
		}
	}
	return l.partitions[number-1], nil
}

// NewMergedLog makes a reader of partitions, the first of which is number 1. A sequencer elsewhere adds the cuts.
func NewMergedLog(cuts storage.SequenceLog, partitions []PartitionLog) *MergedLog {
	return &MergedLog{index: newSequenceIndex(cuts, len(partitions)), partitions: partitions}
}

// Refresh learns which cuts were added meanwhile, and returns the last position.
func (l *MergedLog) Refresh(ctx context.Context) (head int64, err error) {
	if err := l.index.refresh(ctx); err != nil {
		return 0, fmt.Errorf("read the sequence log: %w", err)
	}
	return l.index.last().Last(), nil
}

// ReadAll reads up to limit records of the merged log after a position. If a partition cannot be read, it stops before
// the first record of that partition.
func (l *MergedLog) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	runs, err := l.index.runs(ctx, after, limit)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	read, failures := l.readRuns(ctx, runs)
	var records []contract.Record
	for _, run := range runs {
		rest := read[run.partition-1]
		n := min(len(rest), int(run.last-run.first)+1)
		for i, r := range rest[:n] {
			r.Position = run.merged + int64(i)
			records = append(records, r)
		}
		read[run.partition-1] = rest[n:]
		if run.first+int64(n) <= run.last {
			break // the rest of this partition could not be read
		}
	}
	if len(records) == 0 {
		return nil, errors.Join(failures...)
	}
	return records, nil
}

// readRuns reads the records of the runs from each partition, as far as it can be read.
func (l *MergedLog) readRuns(ctx context.Context, runs []run) (read [][]contract.Record, failures []error) {
	read, failures = make([][]contract.Record, len(l.partitions)), make([]error, len(l.partitions))
	first, last := make([]int64, len(l.partitions)), make([]int64, len(l.partitions))
	for _, run := range runs { // the runs of one partition follow each other
		if p := run.partition - 1; first[p] == 0 {
			first[p], last[p] = run.first, run.last
		} else {
			last[p] = run.last
		}
	}
	var reading sync.WaitGroup
	for p, from := range first {
		if from > 0 {
			reading.Go(func() { read[p], failures[p] = l.readPartition(ctx, p+1, from, last[p]) })
		}
	}
	reading.Wait()
	return read, failures
}

// readPartition reads a partition from one position up to another. On an error it returns the records before it, too.
func (l *MergedLog) readPartition(ctx context.Context, number int, first, last int64) ([]contract.Record, error) {
	from, err := l.partition(number)
	if err != nil {
		return nil, err
	}
	var records []contract.Record
	for next := first; next <= last; {
		page, err := from.ReadAll(ctx, contract.ReadAllRequest{AfterPosition: next - 1,
			Limit: int(min(last-next+1, contract.MaxReadRecords)), InPart: true})
		if err == nil && len(page.Records) == 0 {
			err = fmt.Errorf("it ends at position %d, before position %d, which is in the merged log", next-1, last)
		}
		if err == nil {
			err = checkContiguous(page.Records, next)
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

// checkContiguous is nil for records whose positions count on from first.
func checkContiguous(records []contract.Record, first int64) error {
	for i, r := range records {
		if want := first + int64(i); r.Position != want {
			return fmt.Errorf("it gives position %d where %d should be", r.Position, want)
		}
	}
	return nil
}

// ReadStream reads up to limit events of a stream after a version.
func (l *MergedLog) ReadStream(
	ctx context.Context, id bank.AccountID, after int64, limit int,
) ([]contract.Record, error) {
	number := contract.PartitionOf(id, len(l.partitions))
	from, err := l.partition(number)
	if err != nil {
		return nil, err
	}
	page, err := from.ReadStream(ctx,
		contract.ReadStreamRequest{Account: id, AfterVersion: after, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("partition %d: %w", number, err)
	}
	return l.setPositions(ctx, number, page.Records)
}

// FindKeys reads the events of a stream that carry one of the keys.
func (l *MergedLog) FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	number := contract.PartitionOf(id, len(l.partitions))
	from, err := l.partition(number)
	if err != nil {
		return nil, err
	}
	page, err := from.FindKeys(ctx, contract.FindKeysRequest{Account: id, Keys: keys})
	if err != nil {
		return nil, fmt.Errorf("partition %d: %w", number, err)
	}
	return l.setPositions(ctx, number, page.Records)
}

// setPositions gives records of a partition their positions in the merged log, up to the first that has none.
func (l *MergedLog) setPositions(
	ctx context.Context, number int, records []contract.Record,
) ([]contract.Record, error) {
	for i, r := range records {
		merged, found, err := l.index.position(ctx, number, r.Position)
		if err == nil && !found && !r.IsUnreadable() && l.await != nil {
			if err = l.await(ctx, number, r.Position); err == nil {
				merged, found, err = l.index.position(ctx, number, r.Position)
			}
		}
		if err != nil {
			return nil, err
		}
		if !found && !r.IsUnreadable() { // the own position of an unreadable record means nothing
			return records[:i], nil
		}
		records[i].Position = merged
	}
	return records, nil
}
