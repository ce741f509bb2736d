package logclient

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"corebank/internal/contract"
)

// pages is a log of numbered records that gives a few of them at a time.
type pages struct {
	head, page int64
	err        error
	reads      int
}

func (l *pages) ReadAll(_ context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	l.reads++
	return contract.Records{Head: l.head, Records: numbered(r.AfterPosition+1, min(r.AfterPosition+l.page, l.head))}, l.err
}

func numbered(first, last int64) (records []contract.Record) {
	for p := first; p <= last; p++ {
		records = append(records, contract.Record{Position: p})
	}
	return records
}

func batch(previous, first, last int64) contract.Batch {
	return contract.Batch{Previous: previous, First: first, Last: last, Records: numbered(first, last)}
}

// taker takes records in order, and refuses those of the topic if the test asks for it.
type taker struct {
	position int64
	unfit    bool
	fromLog  int64
}

func (k *taker) follow(log Reader, chunk int) *Follower {
	return &Follower{Log: log, Position: func() int64 { return k.position }, Take: k.take, Chunk: chunk}
}

func (k *taker) take(_ context.Context, records []contract.Record, fromLog bool) error {
	if k.unfit && !fromLog {
		return ErrUnfit
	}
	for _, r := range records {
		if r.Position != k.position+1 {
			return errors.New("not the next record")
		}
		k.position = r.Position
		if fromLog {
			k.fromLog++
		}
	}
	return nil
}

func TestABatchIsTakenOrReadFromTheLog(t *testing.T) {
	changed := batch(10, 11, 14)
	changed.Records[2].Position = 99
	for _, test := range []struct {
		name          string
		batch         contract.Batch
		unfit         bool
		want, fromLog int64
	}{
		{"it continues", batch(10, 11, 14), false, 14, 0},
		{"it overlaps", batch(8, 9, 14), false, 14, 0},
		{"it is old", batch(6, 7, 10), false, 10, 0},
		{"it leaves a gap", batch(12, 13, 14), false, 14, 4},
		{"it is a heartbeat of what is known", contract.Batch{Last: 10}, false, 10, 0},
		{"it is a heartbeat of more", contract.Batch{Last: 14}, false, 14, 4},
		{"it announces more than the log has", contract.Batch{Last: 40}, false, 20, 10},
		{"it contradicts itself", changed, false, 14, 4},
		{"it does not follow what it claims to", batch(9, 11, 14), false, 14, 4},
		{"it does not fit what was taken", batch(10, 11, 14), true, 14, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := taker{position: 10, unfit: test.unfit}
			// Pages end at 12, 14 and so on, so that reading stops where the batch ends.
			if err := k.follow(&pages{head: 20, page: 2}, 0).Handle(t.Context(), test.batch); err != nil {
				t.Fatal(err)
			}
			if k.position != test.want || k.fromLog != test.fromLog {
				t.Errorf("position %d with %d records from the log, want %d with %d",
					k.position, k.fromLog, test.want, test.fromLog)
			}
		})
	}
}

func TestPullReadsToTheHead(t *testing.T) {
	for _, chunk := range []int{0, 7, 1000} {
		var heads []int64
		k, log := taker{}, &pages{head: 100, page: 3}
		f := k.follow(log, chunk)
		f.Head = func(position int64) { heads = append(heads, position) }
		if err := f.Pull(t.Context(), 1000); err != nil || k.position != 100 {
			t.Errorf("chunks of %d: position %d, %v", chunk, k.position, err)
		}
		if log.reads != 34 || len(heads) != 34 || slices.Max(heads) != 100 {
			t.Errorf("chunks of %d: %d reads and %d heads, want 34", chunk, log.reads, len(heads))
		}
	}
}

// A chunk is put together without writing into pages, which a log may share.
func TestPagesAreNotWrittenTo(t *testing.T) {
	log := sharedPages(numbered(1, 20))
	k := taker{}
	if err := k.follow(log, 10).Pull(t.Context(), 20); err != nil || k.position != 20 {
		t.Errorf("position %d, %v", k.position, err)
	}
	for i, r := range log {
		if r.Position != int64(i+1) {
			t.Fatalf("the log has position %d at %d", r.Position, i+1)
		}
	}
}

// sharedPages gives parts of one slice.
type sharedPages []contract.Record

func (l sharedPages) ReadAll(_ context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	return contract.Records{Head: int64(len(l)), Records: l[r.AfterPosition:min(r.AfterPosition+4, int64(len(l)))]}, nil
}

func TestAnotherLogIsNoticed(t *testing.T) {
	k := taker{position: 10}
	if err := k.follow(&pages{head: 9, page: 3}, 0).Pull(t.Context(), 20); !errors.Is(err, ErrOtherLog) {
		t.Errorf("a log that ends before the position: %v", err)
	}
}

func TestCatchUpTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failures int
		once := func(context.Context) error {
			if failures < 3 {
				return errors.New("not yet")
			}
			return nil
		}
		if !CatchUp(t.Context(), once, func(error) { failures++ }) || failures != 3 {
			t.Errorf("caught up after %d failures, want 3", failures)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if CatchUp(ctx, func(context.Context) error { return errors.New("never") }, func(error) {}) {
			t.Error("caught up although the context had ended")
		}
	})
}
