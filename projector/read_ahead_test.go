package projector

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// pagedLog is a log of numbered records that counts concurrent reads.
type pagedLog struct {
	logclient.Log
	head    int64
	before  func(r contract.ReadAllRequest) error // of each read
	reading atomic.Int64
	reads   sync.Map // by position
}

func (l *pagedLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	l.reading.Add(1)
	defer l.reading.Add(-1)
	count, _ := l.reads.LoadOrStore(r.AfterPosition, new(atomic.Int64))
	count.(*atomic.Int64).Add(1)
	reply := contract.Records{Head: l.head}
	if err := errors.Join(l.before(r), ctx.Err()); err != nil {
		return reply, err
	}
	for p := r.AfterPosition + 1; p <= min(r.AfterPosition+int64(r.Limit), l.head); p++ {
		reply.Records = append(reply.Records, contract.Record{Position: p})
	}
	return reply, nil
}

// readWhole reads a log page by page.
func readWhole(t *testing.T, log logclient.Log, limit int) (positions int64) {
	t.Helper()
	for {
		reply, err := log.ReadAll(t.Context(), contract.ReadAllRequest{AfterPosition: positions, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reply.Records {
			if positions++; r.Position != positions {
				t.Fatalf("read %d after %d", r.Position, positions-1)
			}
		}
		if positions == reply.Head {
			return positions
		}
	}
}

// While a page is folded, the next ones are requested together: here each of them
// waits for the others.
func TestALongLogIsReadAhead(t *testing.T) {
	log := &pagedLog{head: 1005}
	together, deadline := make(chan struct{}), time.After(30*time.Second)
	var once sync.Once
	log.before = func(r contract.ReadAllRequest) error {
		if r.AfterPosition == 0 || r.AfterPosition > 10*pagesAhead {
			return nil
		}
		if log.reading.Load() == pagesAhead {
			once.Do(func() { close(together) })
		}
		select {
		case <-together:
			return nil
		case <-deadline:
			return errors.New("the pages are requested one after the other")
		}
	}
	if n := readWhole(t, newReadAheadLog(log), 10); n != log.head {
		t.Errorf("read %d of %d records", n, log.head)
	}
	log.reads.Range(func(position, count any) bool {
		if n := count.(*atomic.Int64).Load(); n != 1 {
			t.Errorf("the page after %d was read %d times", position, n)
		}
		return true
	})
}

func TestWhatWasReadAheadInVainIsReadAgain(t *testing.T) {
	var failed sync.Map
	log := &pagedLog{head: 500, before: func(r contract.ReadAllRequest) error {
		if _, again := failed.LoadOrStore(r.AfterPosition, true); !again && r.AfterPosition > 0 && r.AfterPosition < 480 {
			return errors.New("the event source is unavailable")
		}
		return nil
	}}
	if n := readWhole(t, newReadAheadLog(log), 10); n != log.head {
		t.Errorf("read %d of %d records", n, log.head)
	}
}

// A caller that reads to the end learns what was written in the meantime.
func TestTheEndOfALogIsNotReadAhead(t *testing.T) {
	log := &pagedLog{head: 100, before: func(contract.ReadAllRequest) error { return nil }}
	ahead := newReadAheadLog(log)
	for after := int64(0); after < 90; after += 10 {
		if _, err := ahead.ReadAll(t.Context(), contract.ReadAllRequest{AfterPosition: after, Limit: 10}); err != nil {
			t.Fatal(err)
		}
	}
	log.head = 250
	reply, err := ahead.ReadAll(t.Context(), contract.ReadAllRequest{AfterPosition: 90, Limit: 10})
	if err != nil || reply.Head != 250 {
		t.Errorf("the head is %d (%v), want 250", reply.Head, err)
	}
}
