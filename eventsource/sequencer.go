package eventsource

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// Bounds of the sequencer.
const (
	// roundRecords bounds what a round places of each partition.
	roundRecords = 1000
	// roundGather is the least time between two rounds while there is much to
	// place: what comes up meanwhile shares the second.
	roundGather  = 3 * time.Millisecond
	roundTimeout = 10 * time.Second
	// placeWait is how long a reader of a stream waits for what is durable and
	// has no place yet.
	placeWait = 2 * time.Second
)

// Sequencer makes one log of several partitions: it follows them, and gives
// each record its place by making rounds durable. What has its place, it serves
// to readers and to the relay. It appends nothing itself.
type Sequencer struct {
	*Total
	rounds  OrderLog
	log     *slog.Logger
	ready   atomic.Bool
	damaged atomic.Pointer[string] // why the order cannot be taken over before somebody has mended it
	moved   chan struct{}          // holds a token after the head moved
	herald  herald
	recent  recent

	mu     sync.Mutex
	states []contract.PartitionStatus
}

// NewSequencer makes a sequencer of partitions, the first of them number 1. It
// does nothing until Run.
func NewSequencer(rounds OrderLog, partitions []PartitionLog, log *slog.Logger) *Sequencer {
	s := &Sequencer{Total: NewTotal(rounds, partitions), rounds: rounds, log: log, moved: make(chan struct{}, 1)}
	s.await = s.awaitPlace
	for i := range partitions {
		s.states = append(s.states, contract.PartitionStatus{Number: i + 1, Problem: "it has not answered yet"})
	}
	return s
}

// Head is the last position that has its place for ever.
func (s *Sequencer) Head() int64 { return s.order.last().Last() }

// Moved yields a token after the head moved: a hint for one waiting reader.
func (s *Sequencer) Moved() <-chan struct{} { return s.moved }

// Ready reports whether what is appended gets its place now. A partition that
// cannot be read stops nobody else; it is named all the same.
func (s *Sequencer) Ready() contract.Readiness {
	if reason := s.damaged.Load(); reason != nil {
		return contract.Readiness{Reason: *reason}
	}
	if !s.ready.Load() {
		return contract.Readiness{Reason: "the order of the event log is not available: the event source is not connected to immudb"}
	}
	var problems []string
	for _, state := range s.Partitions() {
		if state.Problem != "" {
			problems = append(problems, fmt.Sprintf("partition %d: %s", state.Number, state.Problem))
		}
	}
	return contract.Readiness{Ready: true, Reason: strings.Join(problems, "; ")}
}

// Partitions tells how far each partition is.
func (s *Sequencer) Partitions() []contract.PartitionStatus {
	ends := s.order.last().Ends
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

// Append implements the API of an event source for whoever takes this for one
// that has the whole log: nothing is written.
func (s *Sequencer) Append(_ context.Context, appends []contract.Append) []contract.AppendResult {
	results := make([]contract.AppendResult, len(appends))
	for i := range results {
		results[i] = contract.AppendResult{Status: contract.Halted,
			Reason: fmt.Sprintf("the log of this bank has %d partitions: start whoever appends with --partitions %d", len(s.partitions), len(s.partitions))}
	}
	return results
}

// ReadAll reads up to limit records of the whole log after a position.
func (s *Sequencer) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	if records := s.recent.read(after, limit); records != nil {
		return records, nil
	}
	return s.Total.ReadAll(ctx, after, limit)
}

// Checkpoint, SaveCheckpoint, CheckOurs and LastAudit are those of a Storage.
func (s *Sequencer) Checkpoint(ctx context.Context) (int64, error) { return s.rounds.Checkpoint(ctx) }

// SaveCheckpoint moves the relay's checkpoint.
func (s *Sequencer) SaveCheckpoint(ctx context.Context, position int64) error {
	return s.rounds.SaveCheckpoint(ctx, position)
}

// CheckOurs is nil while no other sequencer has taken over.
func (s *Sequencer) CheckOurs(ctx context.Context) error { return s.rounds.CheckOurs(ctx) }

// LastAudit is the newest audit that was kept.
func (s *Sequencer) LastAudit(ctx context.Context) (*contract.Audit, error) {
	return s.rounds.LastAudit(ctx)
}

// awaitHead waits until the head has passed a position, or ctx ends.
func (s *Sequencer) awaitHead(ctx context.Context, after int64) {
	s.herald.await(ctx, func() bool { return s.Head() > after })
}

// awaitPlace waits until a position of a partition has its place.
func (s *Sequencer) awaitPlace(ctx context.Context, partition int, position int64) error {
	ctx, cancel := context.WithTimeout(ctx, placeWait)
	defer cancel()
	if s.herald.await(ctx, func() bool { return s.order.last().Ends[partition-1] >= position }) {
		return nil
	}
	return fmt.Errorf("position %d of partition %d is durable and has no place in the whole log yet; ask again", position, partition)
}

// Run takes the order over and makes rounds until ctx ends, or until another
// sequencer takes over, which it reports as ErrFenced.
func (s *Sequencer) Run(ctx context.Context) error {
	for {
		if err := s.acquire(ctx); err != nil {
			return stopped(ctx, err)
		}
		err := s.sequence(ctx)
		s.ready.Store(false)
		if ctx.Err() != nil || errors.Is(err, ErrFenced) {
			return stopped(ctx, err)
		}
		s.log.Error("a round with unknown outcome, taking the order over again", "error", err)
	}
}

func (s *Sequencer) acquire(ctx context.Context) error {
	for pause := acquirePauseLeast; ; pause = min(2*pause, acquirePauseMost) {
		last, err := s.rounds.Acquire(ctx)
		s.damaged.Store(damage(err))
		if err == nil {
			err = s.order.begin(last)
		}
		if err == nil {
			s.recent.forget()
			s.ready.Store(true)
			s.tell()
			s.log.Info("the order is ours", "round", last.Number, "head", s.Head())
			return nil
		}
		if errors.Is(err, ErrFenced) || errors.Is(err, ErrPartition) {
			return err
		}
		s.log.Warn("the order is not available, trying again", "error", err, "pause", pause)
		if !app.Pause(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (s *Sequencer) tell() {
	s.herald.tell()
	select {
	case s.moved <- struct{}{}:
	default:
	}
}

// sequence makes rounds until one fails or ctx ends.
func (s *Sequencer) sequence(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	arrived := make(chan struct{}, 1)
	feeds := make([]*feed, len(s.partitions))
	for i, end := range s.order.last().Ends {
		feeds[i] = newFeed(arrived)
		following.Go(func() { s.follow(ctx, i, end, feeds[i]) })
	}
	made := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-arrived:
		}
		for {
			round, much := s.cut(feeds)
			if round.Last() == s.Head() {
				break // nothing, or nothing that can have its place yet
			}
			if much && app.Pause(ctx, roundGather-time.Since(made)) {
				round, _ = s.cut(feeds)
			}
			made = time.Now()
			if err := s.settle(ctx, round, feeds); err != nil {
				return err
			}
		}
	}
}

// cut is the next round: all that has arrived, as far as what it came after is
// placed before it. It reports whether that is more than one record.
func (s *Sequencer) cut(feeds []*feed) (round Round, much bool) {
	last := s.order.last()
	round = Round{Number: last.Number + 1, Ends: append([]int64{}, last.Ends...)}
	for i, f := range feeds {
		f.take()
		for n := 0; n < len(f.waiting) && n < roundRecords; n++ {
			if after := f.waiting[n].After; after != nil && !round.has(*after, i+1, last) {
				break
			}
			round.Ends[i]++
		}
	}
	return round, round.Last() > last.Last()+1
}

// has reports whether the records of a partition that are still to come to the
// round can be after a place: it is in the same partition, or a round before
// has it, or this one has it in an earlier partition.
func (r Round) has(after contract.PartitionPosition, partition int, before Round) bool {
	switch {
	case after.Partition == partition || after.Partition < 1 || after.Partition > len(r.Ends):
		return true
	case after.Partition < partition:
		return r.Ends[after.Partition-1] >= after.Position
	default:
		return before.Ends[after.Partition-1] >= after.Position
	}
}

// settle makes a round durable, and its records known.
func (s *Sequencer) settle(ctx context.Context, round Round, feeds []*feed) error {
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	if err := s.rounds.Add(ctx, round); err != nil {
		return fmt.Errorf("round %d: %w", round.Number, err)
	}
	last := s.order.last()
	at := last.Last()
	records := make([]contract.Record, 0, round.Last()-at)
	for i, f := range feeds {
		for _, r := range f.give(int(round.Ends[i] - last.Ends[i])) {
			at++
			r.Position = at
			records = append(records, r)
		}
	}
	s.order.add(round)
	s.recent.add(records)
	s.tell()
	return nil
}
