package sequencer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// Bounds of following a partition.
const (
	// followWait is how long a partition may let a read wait for a record.
	followWait    = time.Second
	followTimeout = followWait + 5*time.Second
	// followPause is the pause after a partition could not be read.
	followPauseMin = 50 * time.Millisecond
	followPauseMax = time.Second
	// pagesAhead is how many pages of a partition may wait for their cuts. Each is as long as a reply of its API.
	pagesAhead = 1
)

// partitionBuffer has the records of one partition that have arrived and are in no cut yet.
type partitionBuffer struct {
	pages   chan []contract.Record
	arrived chan<- struct{} // gets a token after a page has arrived
	records []contract.Record
}

func newPartitionBuffer(arrived chan<- struct{}) *partitionBuffer {
	return &partitionBuffer{pages: make(chan []contract.Record, pagesAhead), arrived: arrived}
}

// fill takes the pages that have arrived, until there is enough for a cut.
func (b *partitionBuffer) fill() {
	for len(b.records) < cutRecords {
		select {
		case page := <-b.pages:
			b.records = append(b.records, page...)
		default:
			return
		}
	}
}

// remove removes and returns the first n records.
func (b *partitionBuffer) remove(n int) []contract.Record {
	removed := b.records[:n]
	b.records = b.records[n:]
	return removed
}

// follow reads a partition, by its index, after a checkpoint into its buffer until ctx ends. Whenever the partition was
// taken over, it must still have what is in the merged log.
func (s *Sequencer) follow(ctx context.Context, index int, at contract.Checkpoint, to *partitionBuffer) {
	var verified string // the takeover
	for pause := followPauseMin; ctx.Err() == nil; {
		page, err := s.readNext(ctx, index, at.Position)
		if err == nil && page.Takeover != verified {
			if err = s.verify(ctx, index, at, page.Takeover); err == nil {
				verified = page.Takeover
			}
		}
		if ctx.Err() != nil {
			return
		}
		s.noteState(index, page.Head, err)
		if err != nil {
			app.Pause(ctx, pause)
			pause = min(2*pause, followPauseMax)
			continue
		}
		pause = followPauseMin
		if len(page.Records) == 0 {
			if page.Head > at.Position { // the read did not wait, and the records cannot be read yet
				app.Pause(ctx, followPauseMin)
			}
			continue
		}
		s.traced[index].AddTraced(page.Traced...)
		select {
		case to.pages <- page.Records:
		case <-ctx.Done():
			return
		}
		last := page.Records[len(page.Records)-1]
		at.Position, at.Mark = last.Position, last.Mark()
		select {
		case to.arrived <- struct{}{}:
		default:
		}
	}
}

// verify is nil if a partition, as of a takeover, has the record of a checkpoint.
func (s *Sequencer) verify(ctx context.Context, index int, at contract.Checkpoint, takeover string) error {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	reply, err := logclient.Verify(ctx, s.partitions[index], at)
	switch {
	case errors.Is(err, logclient.ErrOtherLog):
		err = fmt.Errorf("%w; restore the databases of all partitions and of their sequence from the same copy", err)
		s.mu.Lock()
		s.other[index] = err // until another sequencer takes over
		s.mu.Unlock()
		return err
	case err == nil && reply.Takeover != takeover:
		return errors.New("it was taken over meanwhile")
	}
	return err
}

// readNext reads the records of a partition after a position, as soon as there are any.
func (s *Sequencer) readNext(ctx context.Context, index int, after int64) (contract.Records, error) {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	page, err := s.partitions[index].ReadAll(ctx, contract.ReadAllRequest{AfterPosition: after,
		Limit: contract.MaxReadRecords, WaitMs: int(followWait.Milliseconds())})
	switch {
	case err != nil:
		return page, err
	case page.Partition != index+1:
		return page, fmt.Errorf("number %d answers in its place", page.Partition)
	case len(page.Records) == 0 && page.Head < after:
		return page, fmt.Errorf("it ends at position %d, but position %d is in the merged log already: "+
			"its database lost records, or is not ready", page.Head, after)
	}
	return page, checkContiguous(page.Records, after+1)
}

// noteState notes how a partition answered and logs a change.
func (s *Sequencer) noteState(index int, head int64, err error) {
	problem := ""
	if err != nil {
		problem = "it cannot be read: " + err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state := &s.states[index]
	switch {
	case problem != "" && state.Problem == "":
		s.log.Warn("a partition cannot be read; the others go on", "partition", index+1, "error", err)
	case problem == "" && state.Problem != "":
		s.log.Info("a partition is read", "partition", index+1, "head", head)
	}
	state.Problem = problem
	state.Head = max(state.Head, head)
}
