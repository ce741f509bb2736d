package sequencer

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"corebank/eventsource/storage"
	"corebank/internal/app"
	"corebank/internal/contract"
)

// Bounds of the sequencer.
const (
	// cutRecords bounds the records of each partition that a cut adds. An append to several streams is always less.
	cutRecords = 1000
	// cutInterval is the least time between two cuts while there is much to add: records that arrive meanwhile share
	// the second.
	cutInterval = 3 * time.Millisecond
	cutTimeout  = 10 * time.Second
	// positionWait is how long a reader of a stream waits for the position of a record that is durable.
	positionWait = 2 * time.Second
)

// Sequencer makes one log of several partitions. It follows them and gives each record its position by making cuts
// durable. It serves the records that have one to readers and to the relay. It appends nothing itself.
type Sequencer struct {
	*MergedLog
	storage.Progress
	cuts  storage.SequenceLog
	log   *slog.Logger
	lease *storage.Lease
	heads *storage.HeadNotifier
	tail  tailCache
	// What somebody traces, by positions in the merged log, and by partition of what is in no cut yet.
	storage.TracedTail
	traced []storage.TracedTail

	mu     sync.Mutex
	states []contract.PartitionStatus
	other  []error // by partition: why it is not the one that is in the merged log
}

// New makes a sequencer of partitions, the first of which is number 1. It does nothing until Run.
func New(cuts storage.SequenceLog, partitions []PartitionLog, log *slog.Logger) *Sequencer {
	s := &Sequencer{MergedLog: NewMergedLog(cuts, partitions), Progress: cuts, cuts: cuts, log: log,
		lease: storage.NewLease("the sequence of the event log", cuts, log), heads: storage.NewHeadNotifier(),
		traced: make([]storage.TracedTail, len(partitions))}
	s.await, s.refuse, s.other = s.awaitPosition, s.isOther, make([]error, len(partitions))
	for i := range partitions {
		s.states = append(s.states, contract.PartitionStatus{Number: i + 1, Problem: "it has not answered yet"})
	}
	return s
}

// Head is the last position of the merged log.
func (s *Sequencer) Head() int64 { return s.index.last().Last() }

// Tenure is the last takeover of the sequence by this sequencer. It is false before the first.
func (s *Sequencer) Tenure() (storage.Tenure, bool) { return s.lease.Tenure() }

// TakeOverAgain has the sequencer take the sequence over again when no cut is being added.
func (s *Sequencer) TakeOverAgain() { s.lease.TakeOverAgain() }

// Moved yields a token after the head moved: a hint for one waiting reader.
func (s *Sequencer) Moved() <-chan struct{} { return s.heads.Moved() }

// AwaitHead waits until the head has passed a position, or ctx ends.
func (s *Sequencer) AwaitHead(ctx context.Context, after int64) {
	s.heads.Await(ctx, func() bool { return s.Head() > after })
}

// Ready reports whether appended records get their positions now. A partition that cannot be read does not stop the
// others; the reason names it nevertheless.
func (s *Sequencer) Ready() contract.Readiness {
	if problem := s.lease.Problem(); problem != "" {
		return contract.Readiness{Reason: problem}
	}
	var problems []string
	for _, state := range s.Partitions() {
		if state.Problem != "" {
			problems = append(problems, fmt.Sprintf("partition %d: %s", state.Number, state.Problem))
		}
	}
	return contract.Readiness{Ready: true, Reason: strings.Join(problems, "; ")}
}

// Partitions is the state of each partition.
func (s *Sequencer) Partitions() []contract.PartitionStatus {
	ends := s.index.last().Ends
	s.mu.Lock()
	defer s.mu.Unlock()
	states := make([]contract.PartitionStatus, len(s.states))
	for i, state := range s.states {
		state.Ordered = ends[i]
		state.Head = max(state.Head, state.Ordered)
		states[i] = state
	}
	return states
}

// Append refuses everything: the caller takes this for the event source of a log with one partition.
func (s *Sequencer) Append(_ context.Context, appends []contract.Append) []contract.AppendResult {
	reason := fmt.Sprintf("the log of this bank has %d partitions: start the caller with --partitions %d",
		len(s.partitions), len(s.partitions))
	results := make([]contract.AppendResult, len(appends))
	for i := range results {
		results[i] = contract.AppendResult{Status: contract.Halted, Reason: reason}
	}
	return results
}

// ReadAll reads up to limit records of the merged log after a position.
func (s *Sequencer) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	if records := s.tail.read(after, limit); records != nil {
		return records, nil
	}
	return s.MergedLog.ReadAll(ctx, after, limit)
}

// isOther is why a partition is not the one that is in the merged log, if it was found to be another.
func (s *Sequencer) isOther(partition int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.other[partition-1]
}

// awaitPosition waits until a record of a partition has its position in the merged log.
func (s *Sequencer) awaitPosition(ctx context.Context, partition int, position int64) error {
	ctx, cancel := context.WithTimeout(ctx, positionWait)
	defer cancel()
	if s.heads.Await(ctx, func() bool { return s.index.last().Ends[partition-1] >= position }) {
		return nil
	}
	return fmt.Errorf("position %d of partition %d is durable but has no position in the merged log yet; try again",
		position, partition)
}

// Run takes the sequence log over and adds cuts until ctx ends, or until another sequencer takes over, which it reports
// as storage.ErrFenced.
func (s *Sequencer) Run(ctx context.Context) error {
	return s.lease.Run(ctx, s.acquire, func(ctx context.Context) error {
		s.heads.Notify()
		s.log.Info("this is the sequencer now", "cut", s.index.last().Number, "head", s.Head())
		return s.sequence(ctx)
	})
}

func (s *Sequencer) acquire(ctx context.Context) error {
	last, err := s.cuts.Acquire(ctx)
	if err == nil {
		err = s.index.begin(last)
	}
	if err == nil {
		s.tail.clear()
	}
	return err
}

// sequence adds cuts until that fails or ctx ends.
func (s *Sequencer) sequence(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	arrived := make(chan struct{}, 1)
	buffers := make([]*partitionBuffer, len(s.partitions))
	for i, end := range s.index.last().Ends {
		mark, err := s.index.markOf(ctx, i, end)
		if err != nil {
			return err
		}
		buffers[i] = newPartitionBuffer(arrived)
		following.Go(func() { s.follow(ctx, i, contract.Checkpoint{Position: end, Mark: mark}, buffers[i]) })
	}
	added := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.lease.Again():
			return storage.ErrMoved
		case <-arrived:
		}
		for {
			cut, many := s.next(buffers)
			if cut.Last() == s.Head() {
				break // no records, or only some that must wait for their causes
			}
			if many && app.Pause(ctx, cutInterval-time.Since(added)) {
				cut, _ = s.next(buffers)
			}
			added = time.Now()
			if err := s.add(ctx, cut, buffers); err != nil {
				return err
			}
		}
	}
}

// next is the next cut: all records that have arrived, except those whose cause would come after them, and except
// appends to several streams of which there is only a part. It reports whether these are more than one.
func (s *Sequencer) next(buffers []*partitionBuffer) (cut storage.Cut, many bool) {
	last := s.index.last()
	cut = storage.Cut{Number: last.Number + 1, Ends: append([]int64{}, last.Ends...)}
	for i, b := range buffers {
		b.fill()
		n := 0
		for ; n < len(b.records) && n < cutRecords; n++ {
			if cause := b.records[n].After; cause != nil && !precedes(*cause, i+1, cut, last) {
				break
			}
		}
		cut.Ends[i] += int64(len(contract.Whole(b.records[:n])))
	}
	return cut, cut.Last() > last.Last()+1
}

// precedes reports whether a cause comes before the next record that a partition adds to the cut: it is in the same
// partition, in the cut before, or in an earlier partition of this cut.
func precedes(cause contract.PartitionPosition, partition int, cut, before storage.Cut) bool {
	switch {
	case cause.Partition == partition || cause.Partition < 1 || cause.Partition > len(cut.Ends):
		return true
	case cause.Partition < partition:
		return cut.Ends[cause.Partition-1] >= cause.Position
	default:
		return before.Ends[cause.Partition-1] >= cause.Position
	}
}

// add makes a cut durable and shows its records to readers.
func (s *Sequencer) add(ctx context.Context, cut storage.Cut, buffers []*partitionBuffer) error {
	ctx, cancel := context.WithTimeout(ctx, cutTimeout)
	defer cancel()
	last := s.index.last()
	for i, b := range buffers {
		if n := cut.Ends[i] - last.Ends[i]; n > 0 {
			cut.Marks = append(cut.Marks, b.records[n-1].Mark())
		}
	}
	if err := s.cuts.Add(ctx, cut); err != nil {
		return fmt.Errorf("cut %d: %w", cut.Number, err)
	}
	cut.Marks = nil // only a start needs them
	position := last.Last()
	records := make([]contract.Record, 0, cut.Last()-position)
	for i, b := range buffers {
		s.moveTraced(i, last.Ends[i], cut.Ends[i], position)
		for _, r := range b.remove(int(cut.Ends[i] - last.Ends[i])) {
			position++
			r.Position = position
			records = append(records, r)
		}
	}
	s.index.add(cut)
	s.tail.add(records)
	s.heads.Notify()
	return nil
}

// moveTraced notes what somebody traces of the records of a partition, by its index, that come after a position of the
// merged log.
func (s *Sequencer) moveTraced(index int, after, last, merged int64) {
	for _, t := range s.traced[index].Traced(after+1, last) {
		t.First, t.Last = t.First-after+merged, t.Last-after+merged
		s.AddTraced(t)
	}
	s.traced[index].ForgetTraced(last)
}
