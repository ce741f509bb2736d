package eventsource

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"corebank/internal/contract"
)

// Round is one step in the order of a log with several partitions: after what
// the rounds before it placed come the next records of the first partition, then
// those of the second, and so on, up to Ends.
type Round struct {
	// Number counts from 1 without gaps; that of no round is 0.
	Number int64 `json:"-"`
	// Ends are the last positions, in each partition, that have their place.
	// Their sum is the last position of the whole log.
	Ends []int64 `json:"ends"`
}

// Last is the last position of the whole log that the round gave.
func (r Round) Last() (last int64) {
	for _, end := range r.Ends {
		last += end
	}
	return last
}

// Follows is nil if the round can come after another: it places something, and
// takes nothing back.
func (r Round) Follows(before Round) error {
	if r.Number != before.Number+1 || len(r.Ends) != len(before.Ends) || r.Last() <= before.Last() {
		return fmt.Errorf("round %d up to %v cannot follow round %d up to %v", r.Number, r.Ends, before.Number, before.Ends)
	}
	for i, end := range r.Ends {
		if end < before.Ends[i] {
			return fmt.Errorf("round %d takes back what round %d placed of partition %d: %d after %d", r.Number, before.Number, i+1, end, before.Ends[i])
		}
	}
	return nil
}

// OrderLog keeps the rounds. As for a Storage, several values over the same
// order compete as several sequencers would, and only ErrFenced has a meaning
// of its own.
type OrderLog interface {
	// Acquire makes this the only sequencer, fences all others, and returns the
	// last round. It is called again after an Add whose outcome is unknown: what
	// was then in flight has landed before it returns, or never will.
	Acquire(ctx context.Context) (last Round, err error)
	// Add makes the next rounds durable, all or none: mostly it is one. nil means
	// durable, ErrFenced not written, any other error that the outcome is
	// unknown.
	Add(ctx context.Context, rounds ...Round) error
	// LastRound is the last round.
	LastRound(ctx context.Context) (Round, error)
	// Rounds are up to limit rounds from a number on.
	Rounds(ctx context.Context, first int64, limit int) ([]Round, error)

	CheckOurs(ctx context.Context) error
	Checkpoint(ctx context.Context) (int64, error)
	SaveCheckpoint(ctx context.Context, position int64) error
	LastAudit(ctx context.Context) (*contract.Audit, error)
	SaveAudit(ctx context.Context, audit contract.Audit) error
	Close(ctx context.Context) error
}

// Bounds of what an order keeps in memory. Rounds are searched for by halves,
// always at the same ones, so that few pages answer most searches.
const (
	tailKept   = 8192    // the newest rounds
	pageRounds = 64      // of a page of older ones
	pagesKept  = 2 << 20 // numbers in all pages
)

// order finds rounds. It keeps the newest in memory and reads others again.
type order struct {
	log        OrderLog
	partitions int

	mu    sync.RWMutex
	tail  []Round // contiguous, the newest last; never empty: it begins with no round
	pages *lru.Cache[int64, []Round]
}

func newOrder(log OrderLog, partitions int) *order {
	pages, err := lru.New[int64, []Round](pagesKept / pageRounds / partitions)
	if err != nil {
		panic(err) // only a size that is not positive can fail
	}
	return &order{log: log, partitions: partitions, pages: pages, tail: []Round{{Ends: make([]int64, partitions)}}}
}

// last is the last round that is known of.
func (o *order) last() Round {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.tail[len(o.tail)-1]
}

// begin goes on from a round that the log says is its last.
func (o *order) begin(last Round) error {
	if last.Number == 0 {
		last.Ends = make([]int64, o.partitions)
	}
	if len(last.Ends) != o.partitions {
		return fmt.Errorf("%w (its order is of %d partitions, not of %d)", ErrPartition, len(last.Ends), o.partitions)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tail[len(o.tail)-1].Number != last.Number {
		o.tail = []Round{last}
	}
	return nil
}

// add adds a round that is durable.
func (o *order) add(r Round) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.tail) >= 2*tailKept {
		o.tail = slices.Clone(o.tail[tailKept:])
	}
	o.tail = append(o.tail, r)
}

// refresh learns what somebody else has ordered meanwhile.
func (o *order) refresh(ctx context.Context) error {
	last, err := o.log.LastRound(ctx)
	if err != nil {
		return err
	}
	return o.begin(last)
}

// recent is the part of the tail from a number on, and whether it has that.
func (o *order) recent(number int64) ([]Round, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	first := o.tail[0].Number
	if number < first || number >= first+int64(len(o.tail)) {
		return nil, false
	}
	return o.tail[number-first:], true
}

// round is the round of a number, which there is.
func (o *order) round(ctx context.Context, number int64) (Round, error) {
	rounds, err := o.from(ctx, number)
	if err != nil {
		return Round{}, err
	}
	return rounds[0], nil
}

// from are some rounds from a number on, which there is.
func (o *order) from(ctx context.Context, number int64) ([]Round, error) {
	if number == 0 {
		return []Round{{Ends: make([]int64, o.partitions)}}, nil
	}
	if rounds, kept := o.recent(number); kept {
		return rounds, nil
	}
	first := number - (number-1)%pageRounds
	if page, kept := o.pages.Get(first); kept {
		return page[number-first:], nil
	}
	page, err := o.log.Rounds(ctx, first, pageRounds)
	if err != nil {
		return nil, fmt.Errorf("read the rounds from %d on: %w", first, err)
	}
	for i, r := range page {
		if r.Number != first+int64(i) || len(r.Ends) != o.partitions {
			return nil, fmt.Errorf("the order has round %d of %d partitions where round %d of %d should be", r.Number, len(r.Ends), first+int64(i), o.partitions)
		}
	}
	if int64(len(page)) <= number-first {
		return nil, fmt.Errorf("the order has no round %d", number)
	}
	if len(page) == pageRounds {
		o.pages.Add(first, page)
	}
	return page[number-first:], nil
}

// find is the number of the first round for which it is true that it is far
// enough, as it is for all later ones and the last.
func (o *order) find(ctx context.Context, enough func(Round) bool) (int64, error) {
	o.mu.RLock()
	tail := o.tail
	o.mu.RUnlock()
	if !enough(tail[0]) {
		return tail[0].Number + int64(sort.Search(len(tail), func(i int) bool { return enough(tail[i]) })), nil
	}
	below := int64(0) // not far enough
	for step := int64(1) << bits.Len64(uint64(tail[0].Number)); step > 0; step /= 2 {
		if below+step >= tail[0].Number {
			continue
		}
		r, err := o.round(ctx, below+step)
		if err != nil {
			return 0, err
		}
		if !enough(r) {
			below += step
		}
	}
	return below + 1, nil
}

// place is the position in the whole log of a position in a partition; false
// if it has none yet.
func (o *order) place(ctx context.Context, partition int, position int64) (int64, bool, error) {
	if position > o.last().Ends[partition-1] {
		return 0, false, nil
	}
	number, err := o.find(ctx, func(r Round) bool { return r.Ends[partition-1] >= position })
	if err != nil {
		return 0, false, err
	}
	r, err := o.round(ctx, number)
	if err != nil {
		return 0, false, err
	}
	before, err := o.round(ctx, number-1)
	if err != nil {
		return 0, false, err
	}
	at := before.Last() + position - before.Ends[partition-1]
	for p := range partition - 1 {
		at += r.Ends[p] - before.Ends[p]
	}
	return at, true, nil
}

// run is some records of one partition that stand together in the whole log.
type run struct {
	partition   int // from 1
	first, last int64
	at          int64 // the position of the first in the whole log
}

// runs are what stands in the whole log after a position, up to limit records.
func (o *order) runs(ctx context.Context, after int64, limit int) (runs []run, err error) {
	last := min(o.last().Last(), after+int64(limit))
	if after >= last {
		return nil, nil
	}
	number, err := o.find(ctx, func(r Round) bool { return r.Last() > after })
	if err != nil {
		return nil, err
	}
	before, err := o.round(ctx, number-1)
	if err != nil {
		return nil, err
	}
	for before.Last() < last {
		rounds, err := o.from(ctx, before.Number+1)
		if err != nil {
			return nil, err
		}
		for _, r := range rounds {
			if before.Last() >= last {
				break
			}
			runs = appendRuns(runs, before, r, after, last)
			before = r
		}
	}
	return runs, nil
}

// appendRuns appends what a round placed after one position and up to another.
func appendRuns(runs []run, before, r Round, after, last int64) []run {
	at := before.Last() + 1
	for p, end := range r.Ends {
		one := run{partition: p + 1, first: before.Ends[p] + 1, last: end, at: at}
		at += end - before.Ends[p]
		if skip := after + 1 - one.at; skip > 0 {
			one.first, one.at = one.first+skip, one.at+skip
		}
		if over := one.at + one.last - one.first - last; over > 0 {
			one.last -= over
		}
		if one.first <= one.last {
			runs = append(runs, one)
		}
	}
	return runs
}
