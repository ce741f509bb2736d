package follow

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/contract"
)

// Log is where missing records are read from.
type Log interface {
	// ReadAll gives the records after a position, oldest first: at least one
	// if there are any.
	ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error)
}

// ErrOtherLog says that the log ends before the position: it is not the one in
// which the position was reached.
var ErrOtherLog = errors.New("the log ends before this position")

// Next are the batch's records after the position, or nil if the batch cannot
// continue from there: it is a heartbeat, leaves a gap, or is not the
// contiguous run of records that it says it is.
func Next(batch contract.Batch, position int64) []contract.Record {
	if len(batch.Records) == 0 || batch.Previous != batch.First-1 || batch.First > position+1 || batch.Last <= position {
		return nil
	}
	if !contiguous(batch.Records, batch.First) || batch.First+int64(len(batch.Records))-1 != batch.Last {
		return nil
	}
	return batch.Records[position+1-batch.First:]
}

// Read reads one page of the log after a position. It fails if the answer is
// not what follows the position: with ErrOtherLog if the log is too short.
func Read(ctx context.Context, log Log, after int64) (contract.Records, error) {
	reply, err := log.ReadAll(ctx, contract.ReadAllRequest{AfterPosition: after, Limit: contract.MaxReadRecords})
	if err != nil {
		return reply, fmt.Errorf("read the log after position %d: %w", after, err)
	}
	last := after + int64(len(reply.Records))
	switch {
	case reply.Head < after:
		return reply, fmt.Errorf("%w: %d, and the log ends at %d", ErrOtherLog, after, reply.Head)
	case !contiguous(reply.Records, after+1) || last > reply.Head:
		return reply, fmt.Errorf("the log answered with other records than those after position %d", after)
	case len(reply.Records) == 0 && reply.Head > after:
		return reply, fmt.Errorf("the log has no record after position %d although it ends at %d", after, reply.Head)
	}
	return reply, nil
}

func contiguous(records []contract.Record, first int64) bool {
	for i, r := range records {
		if r.Position != first+int64(i) {
			return false
		}
	}
	return true
}
