package sequencer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// numbered is a partition whose records are made when they are read.
type numbered struct {
	number int
	head   int64
	away   error
}

func (n *numbered) record(position int64) contract.Record {
	account := bank.AccountID(fmt.Sprint("partition ", n.number))
	return contract.Record{Position: position, Account: account, Version: position}
}

func (n *numbered) ReadAll(_ context.Context, r contract.ReadAllRequest) (page contract.Records, err error) {
	const most = 90 // records of a page: it may be shorter than asked for
	for position := r.AfterPosition + 1; position <= n.head && len(page.Records) < min(r.Limit, most); position++ {
		page.Records = append(page.Records, n.record(position))
	}
	return page, n.away
}

func (n *numbered) ReadStream(_ context.Context, r contract.ReadStreamRequest) (page contract.Records, err error) {
	for version := r.AfterVersion + 1; version <= n.head && len(page.Records) < r.Limit; version += 7 {
		page.Records = append(page.Records, n.record(version))
	}
	return page, n.away
}

func (n *numbered) FindKeys(context.Context, contract.FindKeysRequest) (contract.Records, error) {
	return contract.Records{Records: []contract.Record{n.record(n.head)}}, n.away
}

// jumble is a sequence log of many cuts, with the merged log that they make.
func jumble(t *testing.T, cuts int) (log storage.SequenceLog, parts []*numbered, whole []contract.Record) {
	random := rand.New(rand.NewPCG(7, uint64(cuts)))
	log = storage.NewMemorySequenceLog().Open()
	if _, err := log.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	parts = []*numbered{{number: 1}, {number: 2}, {number: 3}}
	for number := range cuts {
		cut := storage.Cut{Number: int64(number) + 1}
		for _, part := range parts {
			for range 1 + random.IntN(5)*random.IntN(2) {
				part.head++
				r := part.record(part.head)
				r.Position = int64(len(whole)) + 1
				whole = append(whole, r)
			}
			cut.Ends = append(cut.Ends, part.head)
		}
		if err := log.Add(t.Context(), cut); err != nil {
			t.Fatal(err)
		}
	}
	return log, parts, whole
}

func partitions(parts []*numbered) (logs []sequencer.PartitionLog) {
	for _, part := range parts {
		logs = append(logs, part)
	}
	return logs
}

// Given a sequence log of many cuts; then every part of the merged log can be read, and every record of a partition has
// its position in the merged log.
func TestAnythingIsFoundInALongOrder(t *testing.T) {
	for _, cuts := range []int{1, 63, 64, 65, 1000} {
		log, parts, whole := jumble(t, cuts)
		merged := sequencer.NewMergedLog(log, partitions(parts))
		if head, err := merged.Refresh(t.Context()); err != nil || head != int64(len(whole)) {
			t.Fatalf("%d cuts: the log ends at %d (%v), want %d", cuts, head, err, len(whole))
		}
		random := rand.New(rand.NewPCG(1, 1))
		for range 200 {
			after, limit := random.IntN(len(whole)), 1+random.IntN(300)
			got, err := merged.ReadAll(t.Context(), int64(after), limit)
			want := whole[after:min(len(whole), after+limit)]
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%d cuts, %d records after %d: %v (%v), want %v", cuts, limit, after, got, err, want)
			}
		}
		if got, err := merged.ReadAll(t.Context(), int64(len(whole)), 10); len(got) != 0 || err != nil {
			t.Errorf("after the end: %v (%v)", got, err)
		}
	}
}

// Records that have no position yet are not shown.
func TestAStreamEndsWhereTheOrderEnds(t *testing.T) {
	log, parts, whole := jumble(t, 300)
	ordered := make([]int64, len(parts))
	for i, part := range parts {
		ordered[i] = part.head
		part.head += 100
	}
	merged := sequencer.NewMergedLog(log, partitions(parts))
	if _, err := merged.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := bank.NewAccountID("total", "1")
	stream, err := merged.ReadStream(t.Context(), id, 0, 1_000_000)
	if err != nil || len(stream) == 0 {
		t.Fatalf("%d records (%v)", len(stream), err)
	}
	for _, r := range stream {
		if in := whole[r.Position-1]; in.Account != r.Account || in.Version != r.Version {
			t.Fatalf("version %d of %s is at position %d, where version %d of %s is",
				r.Version, r.Account, r.Position, in.Version, in.Account)
		}
	}
	if last := stream[len(stream)-1].Version; last+7 <= ordered[contract.PartitionOf(id, len(parts))-1] {
		t.Errorf("the stream ends at version %d", last)
	}
	if found, err := merged.FindKeys(t.Context(), id, []string{"k"}); err != nil || len(found) != 0 {
		t.Errorf("found %v (%v)", found, err)
	}
}

// Given a partition that cannot be read; then the merged log is read up to its first record, and no further.
func TestWhatIsThereIsReadWithoutTheRest(t *testing.T) {
	log, parts, whole := jumble(t, 20)
	merged := sequencer.NewMergedLog(log, partitions(parts))
	if _, err := merged.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	parts[2].away = errors.New("no answer")
	missing := 0
	for whole[missing].Account != parts[2].record(1).Account {
		missing++
	}
	got, err := merged.ReadAll(t.Context(), 0, 1000)
	if err != nil || len(got) != missing {
		t.Fatalf("%d records (%v), want %d", len(got), err, missing)
	}
	if got, err := merged.ReadAll(t.Context(), int64(missing), 1000); len(got) != 0 || !errors.Is(err, parts[2].away) {
		t.Errorf("from there on: %v (%v)", got, err)
	}
	parts[2].away = nil
	parts[2].head = 1
	if got, err := merged.ReadAll(t.Context(), 0, 1000); err != nil || len(got) <= missing || len(got) == len(whole) {
		t.Errorf("of a partition that lost records: %d of %d (%v)", len(got), len(whole), err)
	}
}
