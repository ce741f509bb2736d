package torture

import (
	"context"
	"fmt"

	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// cutsOf are the cuts of a sequence that has these records in their order: within
// one cut, the records of a later partition come later. They are numbered from the
// last one on.
func cutsOf(records []contract.Record, last storage.Cut) (cuts []storage.Cut) {
	at := len(last.Ends) // the partition of the last record; a new cut is due
	for _, r := range records {
		partition := contract.PartitionOf(r.Account, len(last.Ends)) - 1
		if partition < at || len(cuts) == 0 {
			last = storage.Cut{Number: last.Number + 1, Ends: append([]int64{}, last.Ends...)}
			cuts = append(cuts, last)
		}
		cuts[len(cuts)-1].Ends[partition]++
		at = partition
	}
	return cuts
}

// partitionedFill writes a log with several partitions so that each record gets
// the position that it has.
type partitionedFill struct {
	parts    []*immudb.Log
	sequence *immudb.SequenceLog
	last     storage.Cut
}

// acquire becomes the writer of all parts, which must be new.
func (f *partitionedFill) acquire(ctx context.Context) error {
	for i, part := range f.parts {
		if head, err := part.Acquire(ctx); err != nil || head != 0 {
			return fmt.Errorf("partition %d is not new, or cannot be written: head %d, %w", i+1, head, err)
		}
	}
	last, err := f.sequence.Acquire(ctx)
	if err != nil || last.Number != 0 {
		return fmt.Errorf("the sequence is not new, or cannot be written: cut %d, %w", last.Number, err)
	}
	f.last = storage.Cut{Ends: make([]int64, len(f.parts))}
	return nil
}

// Commit writes the next records.
func (f *partitionedFill) Commit(ctx context.Context, records []contract.Record, _ storage.Heads) error {
	cuts := cutsOf(records, f.last)
	byPartition := make([][]contract.Record, len(f.parts))
	for _, r := range records {
		p := contract.PartitionOf(r.Account, len(f.parts)) - 1
		r.Position = f.last.Ends[p] + int64(len(byPartition[p])) + 1
		byPartition[p] = append(byPartition[p], r)
	}
	for p, own := range byPartition {
		if len(own) == 0 {
			continue
		}
		if err := f.parts[p].Commit(ctx, own, nil); err != nil {
			return err
		}
	}
	f.last = cuts[len(cuts)-1]
	return f.sequence.Add(ctx, cuts...)
}

// SaveCheckpoint marks everything up to a position as published.
func (f *partitionedFill) SaveCheckpoint(ctx context.Context, position int64) error {
	return f.sequence.SaveCheckpoint(ctx, position)
}
