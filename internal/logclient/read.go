package logclient

import (
	"context"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Reader reads the whole log.
type Reader interface {
	// ReadAll gives the records after a position, oldest first: at least one
	// if there are any.
	ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error)
}

// StreamReader reads the stream of one account.
type StreamReader interface {
	// ReadStream gives an account's records after a version, oldest first: at
	// least one if there are any.
	ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error)
}

// Log is the event source for those who only read it.
type Log interface {
	Reader
	StreamReader
}

// Read reads one page of the log after a position, which may end inside an append
// if that is asked for. It fails if the answer is not what follows the position:
// with ErrOtherLog if the log is too short.
func Read(ctx context.Context, log Reader, after int64, inPart bool) (contract.Records, error) {
	reply, err := log.ReadAll(ctx,
		contract.ReadAllRequest{AfterPosition: after, Limit: contract.MaxReadRecords, InPart: inPart})
	if err != nil {
		return reply, fmt.Errorf("read the log after position %d: %w", after, err)
	}
	last := after + int64(len(reply.Records))
	switch {
	case reply.Head < after:
		return reply, &OtherLogError{At: contract.Checkpoint{Position: after}, Log: reply.Log, Head: reply.Head}
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

// ReadStream reads all of a stream after a version, page by page, and passes
// each record on with the partition that has it, which is 0 where there is only
// one.
func ReadStream(
	ctx context.Context, log StreamReader, id bank.AccountID, after int64, each func(contract.Record, int) error,
) error {
	for {
		page, err := log.ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: after})
		if err != nil {
			return fmt.Errorf("read the stream of %s after version %d: %w", id, after, err)
		}
		if len(page.Records) == 0 {
			return nil
		}
		for _, r := range page.Records {
			if err := each(r, page.Partition); err != nil {
				return err
			}
			after = r.Version
		}
	}
}
