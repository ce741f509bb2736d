package projector

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/contract"
	"corebank/internal/follow"
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
		reply, err := follow.Read(ctx, p.log, last)
		if errors.Is(err, follow.ErrOtherLog) {
			err = fmt.Errorf("the views are of another log; stop the bank and delete the views, and they are built again: %w", err)
		}
		if err != nil {
			return chunk{err: err}
		}
		p.at(reply.Head)
		c.head, c.records = reply.Head, append(c.records, reply.Records...)
	}
	return c
}
