package storage

import (
	"context"
	"fmt"

	"corebank/internal/contract"
)

// Cut is one step in the order of a log with several partitions. After everything up to the cut before it come the
// next records of the first partition, then those of the second, and so on, up to Ends.
type Cut struct {
	// Number counts from 1 without gaps; 0 stands for the empty cut before the first.
	Number int64 `json:"-"`
	// Ends are the last position of each partition that the order includes. Their sum is the last position of the
	// merged log.
	Ends []int64 `json:"ends"`
	// Marks are those of the last records of the partitions that the cut extends, in their order. Cuts of earlier builds
	// have none.
	Marks []contract.Mark `json:"marks,omitempty"`
}

// MarkOf is the mark of the last record of a partition, counted from 0, if the cut has it: it follows another cut, and
// extends the partition.
func (c Cut) MarkOf(partition int, before Cut) (mark contract.Mark) {
	if len(c.Marks) == 0 || c.Ends[partition] == before.Ends[partition] {
		return mark
	}
	extended := 0
	for p := range partition {
		if c.Ends[p] > before.Ends[p] {
			extended++
		}
	}
	if extended < len(c.Marks) {
		mark = c.Marks[extended]
	}
	return mark
}

// Last is the last position of the merged log that the cut includes.
func (c Cut) Last() (last int64) {
	for _, end := range c.Ends {
		last += end
	}
	return last
}

// Follows is nil if the cut can come directly after another: it adds at least one record and removes none.
func (c Cut) Follows(before Cut) error {
	if c.Number != before.Number+1 || len(c.Ends) != len(before.Ends) || c.Last() <= before.Last() {
		return fmt.Errorf("cut %d up to %v cannot follow cut %d up to %v", c.Number, c.Ends, before.Number, before.Ends)
	}
	for i, end := range c.Ends {
		if end < before.Ends[i] {
			return fmt.Errorf("cut %d ends at position %d of partition %d, before cut %d, which ends at %d",
				c.Number, end, i+1, before.Number, before.Ends[i])
		}
	}
	return nil
}

// SequenceLog keeps the cuts. As with a Log, several values over the same cuts compete as several sequencers would, and
// only ErrFenced has a meaning of its own.
type SequenceLog interface {
	Identified
	Progress
	// Acquire makes this the only sequencer, fences all others, and returns the last cut. It is called again after an
	// Add with an unknown outcome: an Add that was in flight either lands before Acquire returns, or never.
	Acquire(ctx context.Context) (last Cut, err error)
	// Add makes the next cuts durable, all or none; usually there is one. nil means durable, ErrFenced means not
	// written, any other error means an unknown outcome.
	Add(ctx context.Context, cuts ...Cut) error
	// LastCut is the last cut.
	LastCut(ctx context.Context) (Cut, error)
	// Cuts are up to limit cuts, starting with number first.
	Cuts(ctx context.Context, first int64, limit int) ([]Cut, error)
	// SaveAudit saves an audit durably. An audit is not the sequencer's: it is not fenced.
	SaveAudit(ctx context.Context, audit contract.Audit) error
	// Close releases the storage.
	Close(ctx context.Context) error
}
