package eventsource

import (
	"context"
	"fmt"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// Bounds of following a partition.
const (
	// followWait is how long a partition may let a read wait for a record.
	followWait    = time.Second
	followTimeout = followWait + 5*time.Second
	// followPause is the pause after a partition could not be read.
	followPauseLeast = 50 * time.Millisecond
	followPauseMost  = time.Second
	// pagesAhead are the pages of a partition that may wait for their rounds,
	// each of at most maxReplyBytes.
	pagesAhead = 1
)

// feed has what came from a partition and waits for its place.
type feed struct {
	pages   chan []contract.Record
	arrived chan<- struct{} // takes a token after a page has come
	waiting []contract.Record
}

func newFeed(arrived chan<- struct{}) *feed {
	return &feed{pages: make(chan []contract.Record, pagesAhead), arrived: arrived}
}

// take takes what has come, until there is enough for a round.
func (f *feed) take() {
	for len(f.waiting) < roundRecords {
		select {
		case page := <-f.pages:
			f.waiting = append(f.waiting, page...)
		default:
			return
		}
	}
}

// give are the first n that wait, which then no longer do.
func (f *feed) give(n int) []contract.Record {
	given := f.waiting[:n]
	f.waiting = f.waiting[n:]
	return given
}

// follow reads a partition, of an index, after a position into its feed until
// ctx ends.
func (s *Sequencer) follow(ctx context.Context, index int, after int64, to *feed) {
	for pause := followPauseLeast; ctx.Err() == nil; {
		page, err := s.readNext(ctx, index, after)
		if ctx.Err() != nil {
			return
		}
		s.heard(index, page.Head, err)
		if err != nil {
			app.Pause(ctx, pause)
			pause = min(2*pause, followPauseMost)
			continue
		}
		pause = followPauseLeast
		if len(page.Records) == 0 {
			if page.Head > after { // it has not waited, and cannot be read yet
				app.Pause(ctx, followPauseLeast)
			}
			continue
		}
		select {
		case to.pages <- page.Records:
		case <-ctx.Done():
			return
		}
		after = page.Records[len(page.Records)-1].Position
		select {
		case to.arrived <- struct{}{}:
		default:
		}
	}
}

// readNext are the records of a partition after a position, as soon as there are
// any.
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
		return page, fmt.Errorf("it ends at position %d and position %d has its place already: its database lost records, or is not ready", page.Head, after)
	}
	return page, contiguous(page.Records, after+1)
}

// heard notes how a partition answered, and says so when that changes.
func (s *Sequencer) heard(index int, head int64, err error) {
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
