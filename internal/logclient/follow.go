package logclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// Follower is the loop that follows the log: it takes batches from the topic
// and reads from the log what the topic lacks. It keeps no position of its own,
// so its methods may be called again after an error. They must not be called
// concurrently.
type Follower struct {
	Log Reader
	// Position is the last position that was taken.
	Position func() int64
	// Checkpoint, where set, is that position with the log and the mark of the
	// record there. Whenever the log was taken over, the follower verifies that the
	// log still has it, and otherwise fails with ErrOtherLog.
	Checkpoint func() contract.Checkpoint
	// Unmarked, where set, reports whether a checkpoint without a mark is of this log,
	// which has this record there.
	Unmarked func(ctx context.Context, r contract.Record) (bool, error)
	// Take takes the records that follow the position, and moves it. It is never
	// given a part of an append to several streams. A batch of the topic that does
	// not fit it refuses with ErrUnfit; then the log is read instead.
	Take func(ctx context.Context, records []contract.Record, fromLog bool) error
	// Head, where set, learns where the log ends. It may be called while records
	// are taken.
	Head func(position int64)
	// Chunk, where set, is how many records are taken from the log at a time,
	// while the next are read. Otherwise it is a page, and the next page is read
	// when this one is taken.
	Chunk int

	verified string // the last takeover for which the checkpoint was verified
	before   string // the one before: two event sources may answer for a moment
	log      string
}

// ErrUnfit is Take's error for records of the topic that contradict what is
// known: the log may have better ones.
var ErrUnfit = errors.New("the batch does not fit")

// retryPause is the pause between attempts to catch up with the log.
const retryPause = 500 * time.Millisecond

// CatchUp calls once until it succeeds, and tells failed of each error. It
// reports false if ctx ends first.
func CatchUp(ctx context.Context, once func(context.Context) error, failed func(error)) bool {
	for err := once(ctx); err != nil; err = once(ctx) {
		failed(err)
		if !app.Pause(ctx, retryPause) {
			return false
		}
	}
	return true
}

// Handle takes the batch's records that are not taken yet. If the batch leaves a
// gap, is a heartbeat that announces more, or contradicts itself, the log is
// read up to the end of the batch.
//
// A batch of another takeover than the last one may have records that the log has
// no longer: the log is read instead.
func (f *Follower) Handle(ctx context.Context, batch contract.Batch) error {
	if f.Checkpoint != nil && batch.Takeover != f.verified {
		if err := f.verify(ctx); err != nil {
			return err
		}
		if batch.Takeover != f.verified {
			return f.Pull(ctx, batch.Last)
		}
	}
	for position := f.Position(); position < batch.Last; position = f.Position() {
		records := next(batch, position)
		if len(records) == 0 {
			slog.Debug("the topic has a gap; reading the log", "after", position, "until", batch.Last)
			return f.Pull(ctx, batch.Last)
		}
		err := f.Take(ctx, records, false)
		if errors.Is(err, ErrUnfit) {
			return f.Pull(ctx, batch.Last)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// next are the batch's records after the position, without an append of which it
// has only a part. There are none if the batch cannot continue from there: it is a
// heartbeat, leaves a gap, or is not the contiguous run of records that it claims
// to be.
func next(batch contract.Batch, position int64) []contract.Record {
	if len(batch.Records) == 0 || batch.Previous != batch.First-1 || batch.First > position+1 || batch.Last <= position {
		return nil
	}
	if !contiguous(batch.Records, batch.First) || batch.First+int64(len(batch.Records))-1 != batch.Last {
		return nil
	}
	return contract.Whole(batch.Records[position+1-batch.First:])
}

// Pull takes the log until the target or its head, whichever comes first.
func (f *Follower) Pull(ctx context.Context, target int64) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	next := f.start(ctx, after(f.Position()))
	for {
		chunk := next()
		if chunk.err != nil {
			return f.certain(ctx, chunk.err)
		}
		if err := f.verifyFor(ctx, chunk.takeover); err != nil {
			return err
		}
		end := chunk.end()
		done := end >= min(target, chunk.head)
		if !done {
			next = f.start(ctx, chunk.following())
		}
		if err := f.Take(ctx, chunk.records, true); err != nil {
			return err
		}
		if position := f.Position(); position != end { // somebody else has moved it
			next, done = f.start(ctx, after(position)), position >= target
		}
		if done {
			return nil
		}
	}
}

// chunk is a run of the log after a position, or why it could not be read.
type chunk struct {
	after, head int64
	takeover    string // of the event source that answered
	records     []contract.Record
	rest        []contract.Record // the next ones: the first of an append to several streams
	err         error
}

// after is an empty chunk.
func after(position int64) chunk { return chunk{after: position} }

// end is the position of the last record.
func (c chunk) end() int64 { return c.after + int64(len(c.records)) }

// following begins the chunk that follows.
func (c chunk) following() chunk { return chunk{after: c.end(), takeover: c.takeover, records: c.rest} }

// start returns what gives a chunk that has begun. Chunks of several pages are
// read in the background, whether or not anyone asks for the result.
func (f *Follower) start(ctx context.Context, begun chunk) func() chunk {
	if f.Chunk == 0 {
		return func() chunk { return f.read(ctx, begun) }
	}
	result := make(chan chunk, 1)
	go func() { result <- f.read(ctx, begun) }()
	return func() chunk { return <-result }
}

// read reads the rest of a chunk. It is short only at the log's head, or where the
// log was taken over.
func (f *Follower) read(ctx context.Context, c chunk) chunk {
	c.head = c.end() + 1
	for c.end() < c.head && len(contract.Whole(c.records)) < max(f.Chunk, 1) {
		reply, err := Read(ctx, f.Log, c.end(), f.Chunk > 0)
		if err != nil {
			return chunk{err: err}
		}
		if f.Head != nil {
			f.Head(reply.Head)
		}
		if c.records != nil && c.takeover != reply.Takeover {
			c.records = contract.Whole(c.records)
			return c
		}
		c.head, c.takeover = reply.Head, reply.Takeover
		if c.records == nil {
			c.records = slices.Clip(reply.Records) // appending must not write into the reader's slice
		} else {
			c.records = append(c.records, reply.Records...)
		}
	}
	return c.split()
}

// split takes an append of which there is only a part out of the records. If the
// log has no more of it, it ends before it.
func (c chunk) split() chunk {
	whole := contract.Whole(c.records)
	if rest := c.records[len(whole):]; len(rest) > 0 && c.end() < c.head {
		c.rest = slices.Clone(rest) // the records are many, and may go
	} else if len(rest) > 0 {
		c.head = c.after + int64(len(whole))
	}
	c.records = whole
	return c
}

// LogID is the id of the log, as far as it is known.
func (f *Follower) LogID() string { return f.log }

// Distrust forgets what was verified: somebody else has moved the checkpoint.
func (f *Follower) Distrust() { f.verified, f.before = "", "" }

// verify makes sure that the checkpoint is of this log.
func (f *Follower) verify(ctx context.Context) error {
	at := f.Checkpoint()
	reply, err := Verify(ctx, f.Log, at)
	if err == nil && f.Unmarked != nil && at.Position > 0 && at.Mark.IsZero() {
		var fits bool
		if fits, err = f.Unmarked(ctx, reply.Records[0]); err == nil && !fits {
			err = &OtherLogError{At: at, Log: reply.Log, Head: reply.Head}
		}
	}
	if err != nil {
		return err
	}
	f.log = reply.Log
	if reply.Takeover != f.verified {
		f.before, f.verified = f.verified, reply.Takeover
	}
	return nil
}

// verifyFor makes sure that the checkpoint is of the log of a takeover.
func (f *Follower) verifyFor(ctx context.Context, takeover string) error {
	known := func() bool { return takeover == f.verified || takeover == f.before }
	if f.Checkpoint == nil || takeover == "" || known() {
		return nil
	}
	if err := f.verify(ctx); err != nil || known() {
		return err
	}
	return errors.New("an event source answered that does not write the log any more")
}

// certain makes sure that an error which says that this is another log does not
// come from an event source that does not write the log any more.
func (f *Follower) certain(ctx context.Context, err error) error {
	if f.Checkpoint == nil || !errors.Is(err, ErrOtherLog) {
		return err
	}
	if err := f.verify(ctx); err != nil {
		return err
	}
	return fmt.Errorf("an event source answered that does not know the whole log: %s", err.Error()) // not ErrOtherLog
}
