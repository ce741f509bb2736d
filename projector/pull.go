package projector

import (
	"context"
	"fmt"

	"corebank/internal/contract"
)

// pull applies the log until the target or its head, whichever comes first.
// While it applies one chunk, it reads the next.
func (p *Projector) pull(ctx context.Context, target int64) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	next := p.readAhead(ctx, p.Position())
	for {
		chunk := <-next
		if chunk.err != nil {
			return chunk.err
		}
		end := chunk.after + int64(len(chunk.records))
		done := end >= min(target, chunk.head)
		if !done {
			next = p.readAhead(ctx, end)
		}
		if err := p.settle(ctx, p.apply(ctx, chunk.records, true)); err != nil {
			return err
		}
		if position := p.Position(); position != end { // where another projector is
			next, done = p.readAhead(ctx, position), position >= target
		}
		if done {
			return nil
		}
	}
}

// chunk is a run of the log after a position, or why it could not be read.
type chunk struct {
	after, head int64
	records     []contract.Record
	err         error
}

// readAhead reads a chunk meanwhile. Nobody has to receive it.
func (p *Projector) readAhead(ctx context.Context, after int64) <-chan chunk {
	result := make(chan chunk, 1)
	go func() { result <- p.read(ctx, after) }()
	return result
}

// read is the log after a position: up to chunkRecords, fewer only at its
// head.
func (p *Projector) read(ctx context.Context, after int64) chunk {
	c := chunk{after: after, head: after + 1}
	for last := after; last < c.head && len(c.records) < chunkRecords; last = after + int64(len(c.records)) {
		reply, err := p.log.ReadAll(ctx, contract.ReadAllRequest{AfterPosition: last, Limit: contract.MaxReadRecords})
		if err != nil {
			return chunk{err: fmt.Errorf("read the log after position %d: %w", last, err)}
		}
		if err := check(reply, last); err != nil {
			return chunk{err: err}
		}
		p.at(reply.Head)
		c.head, c.records = reply.Head, append(c.records, reply.Records...)
	}
	return c
}

// check is nil if the reply is what follows a position of this log.
func check(reply contract.Records, after int64) error {
	last := after + int64(len(reply.Records))
	switch {
	case reply.Head < after:
		return fmt.Errorf("the views reflect position %d but the log ends at %d: they are of another log; "+
			"stop the bank and delete the views, and they are built again", after, reply.Head)
	case !contiguous(reply.Records, after+1) || last > reply.Head:
		return fmt.Errorf("the log answered with other records than those after position %d", after)
	case len(reply.Records) == 0 && reply.Head > after:
		return fmt.Errorf("the log has no record after position %d although it ends at %d", after, reply.Head)
	}
	return nil
}
