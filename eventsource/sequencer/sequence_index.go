package sequencer

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// Bounds of the cuts in memory. A binary search for a cut always probes the same numbers, so that few pages answer most
// searches.
const (
	tailKept  = 8192    // the newest cuts
	pageCuts  = 64      // in a page of older ones
	pagesKept = 2 << 20 // numbers in all pages
)

// sequenceIndex finds cuts. It keeps the newest in memory and reads others again.
type sequenceIndex struct {
	log        storage.SequenceLog
	partitions int

	mu    sync.RWMutex
	tail  []storage.Cut // contiguous, the newest last; never empty: it begins with the empty cut
	pages *lru.Cache[int64, []storage.Cut]
}

func newSequenceIndex(log storage.SequenceLog, partitions int) *sequenceIndex {
	pages, err := lru.New[int64, []storage.Cut](pagesKept / pageCuts / partitions)
	if err != nil {
		panic(err) // only a size that is not positive can fail
	}
	x := &sequenceIndex{log: log, partitions: partitions, pages: pages}
	x.tail = []storage.Cut{x.empty()}
	return x
}

// empty is the cut before the first.
func (x *sequenceIndex) empty() storage.Cut { return storage.Cut{Ends: make([]int64, x.partitions)} }

// last is the last cut that is known.
func (x *sequenceIndex) last() storage.Cut {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.tail[len(x.tail)-1]
}

// begin continues after the last cut of the log.
func (x *sequenceIndex) begin(last storage.Cut) error {
	if last.Number == 0 {
		last = x.empty()
	}
	if len(last.Ends) != x.partitions {
		return fmt.Errorf("%w (it has the sequence of %d partitions, not of %d)",
			storage.ErrPartition, len(last.Ends), x.partitions)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tail[len(x.tail)-1].Number != last.Number {
		x.tail = []storage.Cut{last}
	}
	return nil
}

// add adds a cut that is durable.
func (x *sequenceIndex) add(cut storage.Cut) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.tail) >= 2*tailKept {
		x.tail = slices.Clone(x.tail[tailKept:])
	}
	x.tail = append(x.tail, cut)
}

// refresh learns which cuts another process has added.
func (x *sequenceIndex) refresh(ctx context.Context) error {
	last, err := x.log.LastCut(ctx)
	if err != nil {
		return err
	}
	return x.begin(last)
}

// tailFrom is the tail from a number on, and whether the tail reaches back to it.
func (x *sequenceIndex) tailFrom(number int64) ([]storage.Cut, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	first := x.tail[0].Number
	if number < first || number >= first+int64(len(x.tail)) {
		return nil, false
	}
	return x.tail[number-first:], true
}

// cut is the cut with a number, which must exist.
func (x *sequenceIndex) cut(ctx context.Context, number int64) (storage.Cut, error) {
	cuts, err := x.from(ctx, number)
	if err != nil {
		return storage.Cut{}, err
	}
	return cuts[0], nil
}

// from are some cuts from a number on, which must exist.
func (x *sequenceIndex) from(ctx context.Context, number int64) ([]storage.Cut, error) {
	if number == 0 {
		return []storage.Cut{x.empty()}, nil
	}
	if cuts, found := x.tailFrom(number); found {
		return cuts, nil
	}
	first := number - (number-1)%pageCuts
	if page, found := x.pages.Get(first); found {
		return page[number-first:], nil
	}
	page, err := x.log.Cuts(ctx, first, pageCuts)
	if err != nil {
		return nil, fmt.Errorf("read the cuts from %d on: %w", first, err)
	}
	for i, cut := range page {
		if cut.Number != first+int64(i) || len(cut.Ends) != x.partitions {
			return nil, fmt.Errorf("the sequence log has cut %d of %d partitions where cut %d of %d should be",
				cut.Number, len(cut.Ends), first+int64(i), x.partitions)
		}
	}
	if int64(len(page)) <= number-first {
		return nil, fmt.Errorf("the sequence log has no cut %d", number)
	}
	if len(page) == pageCuts {
		x.pages.Add(first, page)
	}
	return page[number-first:], nil
}

// search is the number of the first cut that reaches far enough. The last cut must do so; if one does, so do all later
// ones.
func (x *sequenceIndex) search(ctx context.Context, enough func(storage.Cut) bool) (int64, error) {
	x.mu.RLock()
	tail := x.tail
	x.mu.RUnlock()
	if !enough(tail[0]) {
		return tail[0].Number + int64(sort.Search(len(tail), func(i int) bool { return enough(tail[i]) })), nil
	}
	below := int64(0) // not far enough
	for step := int64(1) << bits.Len64(uint64(tail[0].Number)); step > 0; step /= 2 {
		if below+step >= tail[0].Number {
			continue
		}
		cut, err := x.cut(ctx, below+step)
		if err != nil {
			return 0, err
		}
		if !enough(cut) {
			below += step
		}
	}
	return below + 1, nil
}

// position is the position in the merged log of a position in a partition; false if it has none yet.
func (x *sequenceIndex) position(ctx context.Context, partition int, position int64) (int64, bool, error) {
	if position > x.last().Ends[partition-1] {
		return 0, false, nil
	}
	number, err := x.search(ctx, func(c storage.Cut) bool { return c.Ends[partition-1] >= position })
	if err != nil {
		return 0, false, err
	}
	cut, err := x.cut(ctx, number)
	if err != nil {
		return 0, false, err
	}
	before, err := x.cut(ctx, number-1)
	if err != nil {
		return 0, false, err
	}
	merged := before.Last() + position - before.Ends[partition-1]
	for p := range partition - 1 {
		merged += cut.Ends[p] - before.Ends[p]
	}
	return merged, true, nil
}

// markOf is the mark of the last record of a partition, counted from 0, that is in the merged log: it is in the cut
// which extended the partition up to there. It is zero if there is none, or the cut is of an earlier build.
func (x *sequenceIndex) markOf(ctx context.Context, partition int, end int64) (mark contract.Mark, err error) {
	if end == 0 {
		return mark, nil
	}
	number, err := x.search(ctx, func(c storage.Cut) bool { return c.Ends[partition] >= end })
	if err != nil {
		return mark, err
	}
	cuts, err := x.log.Cuts(ctx, number, 1) // those in memory have no marks
	if err != nil || len(cuts) == 0 {
		return mark, err
	}
	before, err := x.cut(ctx, number-1)
	if err != nil {
		return mark, err
	}
	return cuts[0].MarkOf(partition, before), nil
}

// run is a run of records of one partition that are adjacent in the merged log.
type run struct {
	partition   int // from 1
	first, last int64
	merged      int64 // the position of the first in the merged log
}

// runs are the runs of the merged log after a position, up to limit records.
func (x *sequenceIndex) runs(ctx context.Context, after int64, limit int) (runs []run, err error) {
	last := min(x.last().Last(), after+int64(limit))
	if after >= last {
		return nil, nil
	}
	number, err := x.search(ctx, func(c storage.Cut) bool { return c.Last() > after })
	if err != nil {
		return nil, err
	}
	before, err := x.cut(ctx, number-1)
	if err != nil {
		return nil, err
	}
	for before.Last() < last {
		cuts, err := x.from(ctx, before.Number+1)
		if err != nil {
			return nil, err
		}
		for _, cut := range cuts {
			if before.Last() >= last {
				break
			}
			runs = appendRuns(runs, before, cut, after, last)
			before = cut
		}
	}
	return runs, nil
}

// appendRuns appends the runs that a cut adds after one position of the merged log and up to another.
func appendRuns(runs []run, before, cut storage.Cut, after, last int64) []run {
	next := before.Last() + 1
	for p, end := range cut.Ends {
		one := run{partition: p + 1, first: before.Ends[p] + 1, last: end, merged: next}
		next += end - before.Ends[p]
		if skip := after + 1 - one.merged; skip > 0 {
			one.first, one.merged = one.first+skip, one.merged+skip
		}
		if over := one.merged + one.last - one.first - last; over > 0 {
			one.last -= over
		}
		if one.first <= one.last {
			runs = append(runs, one)
		}
	}
	return runs
}
