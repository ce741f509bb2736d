package eventsource_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// broker is a publisher that keeps its batches and can be made to fail.
type broker struct {
	mu      sync.Mutex
	batches []contract.Batch
	fail    error
}

func (b *broker) Publish(_ context.Context, batch contract.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.batches = append(b.batches, batch)
	return nil
}

func (b *broker) failWith(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

// positions are the positions of all records in the order of publishing. A batch that is not contiguous fails the test.
func (b *broker) positions(t *testing.T) (positions []int64) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, batch := range b.batches {
		for i, r := range batch.Records {
			if r.Position != batch.First+int64(i) || batch.Previous != batch.First-1 {
				t.Fatalf("batch %d to %d after %d has position %d at %d", batch.First, batch.Last, batch.Previous, r.Position, i)
			}
			positions = append(positions, r.Position)
		}
		if n := len(batch.Records); n > 0 && batch.Records[n-1].Position != batch.Last {
			t.Fatalf("batch to %d ends with %d", batch.Last, batch.Records[n-1].Position)
		}
	}
	return positions
}

// source is an event source without the network: a writer and a relay.
type source struct {
	writer *eventsource.Writer
	stop   func()
}

func startSource(t *testing.T, log *storage.MemoryLog, to eventsource.Publisher) source {
	t.Helper()
	storage := log.Open()
	quiet := slog.New(slog.DiscardHandler)
	s := source{writer: eventsource.NewWriter(storage, quiet)}
	relay := eventsource.NewRelay(storage, s.writer, to, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.writer.Run(ctx) })
	running.Go(func() { _ = relay.Run(ctx) })
	s.stop = func() { cancel(); running.Wait() }
	t.Cleanup(s.stop)
	synctest.Wait()
	return s
}

// deposit appends n events to a new account's stream, of which some may be traced.
func (s source) deposit(t *testing.T, name string, n int, traced ...contract.Traced) {
	t.Helper()
	id := bank.NewAccountID("relay", name)
	a := contract.Append{Account: id, Traced: traced}
	for i := range n {
		r := contract.Record{Account: id, Version: int64(i + 1), Key: fmt.Sprint(i)}
		if err := r.SetEvent(bank.AccountOpened{Owner: name, Currency: "EUR", Kind: bank.Current}); err != nil {
			t.Fatal(err)
		}
		a.Records = append(a.Records, r)
	}
	if got := s.writer.Append(t.Context(), []contract.Append{a})[0]; got.Status != contract.Appended {
		t.Fatalf("%+v", got)
	}
}

func expectPositions(t *testing.T, got []int64, from, to int64) {
	t.Helper()
	if int64(len(got)) != to-from+1 || got[0] != from || got[len(got)-1] != to {
		t.Fatalf("published %v, want %d to %d once each", got, from, to)
	}
}

func TestTheRelayPublishesTheLogInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{}
		s := startSource(t, storage.NewMemoryLog(), b)
		for i := range 10 {
			s.deposit(t, fmt.Sprint(i), 100)
		}
		<-time.After(40 * time.Millisecond) // records that arrive in a busy bank share the next message
		synctest.Wait()
		expectPositions(t, b.positions(t), 1, 1000)
	})
}

// In a quiet bank, each record is published at once.
func TestASingleEventIsPublishedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{}
		s := startSource(t, storage.NewMemoryLog(), b)
		for i := range 5 {
			s.deposit(t, fmt.Sprint(i), 1)
			synctest.Wait() // without a moment passing
			expectPositions(t, b.positions(t), 1, int64(i+1))
		}
	})
}

// TestAReaderNotifiedOfATakeoverFindsTheWriterReady checks many times, as early as possible: a relay that finds the
// writer unready waits for the next heartbeat.
func TestAReaderNotifiedOfATakeoverFindsTheWriterReady(t *testing.T) {
	log := storage.NewMemoryLog()
	for range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		w := eventsource.NewWriter(log.Open(), slog.New(slog.DiscardHandler))
		var running sync.WaitGroup
		running.Go(func() { _ = w.Run(ctx) })
		for len(w.Moved()) == 0 {
			runtime.Gosched()
		}
		if !w.Ready().Ready {
			t.Error("the head moved before the writer was ready")
		}
		cancel()
		running.Wait()
	}
}

func TestLongRecordsTravelInShortMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{}
		s := startSource(t, storage.NewMemoryLog(), b)
		b.failWith(errors.New("no broker")) // so that many records wait
		for i := range 20 {
			s.deposit(t, strings.Repeat("x", 100)+fmt.Sprint(i), 100)
		}
		id := bank.NewAccountID("relay", "long")
		for version := range int64(100) {
			r := contract.Record{Account: id, Version: version + 1, Key: fmt.Sprint(version),
				Data: bytes.Repeat([]byte("1"), contract.MaxRecordBytes-10)}
			a := contract.Append{Account: id, ExpectedVersion: version, Records: []contract.Record{r}}
			if got := s.writer.Append(t.Context(), []contract.Append{a})[0]; got.Status != contract.Appended {
				t.Fatalf("%+v", got)
			}
		}
		b.failWith(nil)
		time.Sleep(2 * time.Second) // virtual
		expectPositions(t, b.positions(t), 1, 2100)
		for _, batch := range b.batches {
			if data, err := json.Marshal(batch); err != nil || len(data) > 1<<20 {
				t.Errorf("a message of %d bytes, %v", len(data), err)
			}
		}
	})
}

func TestTheRelayResumesFromItsCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, before, after := storage.NewMemoryLog(), &broker{}, &broker{}
		s := startSource(t, log, before)
		s.deposit(t, "first", 10)
		time.Sleep(3 * time.Second) // virtual: the checkpoint is saved
		s.stop()
		s = startSource(t, log, after)
		s.deposit(t, "second", 10)
		synctest.Wait()
		expectPositions(t, before.positions(t), 1, 10)
		expectPositions(t, after.positions(t), 11, 20)
	})
}

func TestABrokerThatFailsLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{}
		s := startSource(t, storage.NewMemoryLog(), b)
		b.failWith(errors.New("no broker"))
		for i := range 5 {
			s.deposit(t, fmt.Sprint(i), 10)
			time.Sleep(time.Second) // virtual
		}
		if got := b.positions(t); len(got) > 0 {
			t.Fatalf("published %v", got)
		}
		b.failWith(nil)
		time.Sleep(time.Second) // virtual
		expectPositions(t, b.positions(t), 1, 50)
	})
}

func TestAFencedEventSourceStopsUnasked(t *testing.T) {
	for name, broken := range map[string]error{"idle": nil, "without a broker": errors.New("the broker is away")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, to := storage.NewMemoryLog(), &broker{}
				opened, quiet := log.Open(), slog.New(slog.DiscardHandler)
				writer := eventsource.NewWriter(opened, quiet)
				relay := eventsource.NewRelay(opened, writer, to, quiet)
				var running sync.WaitGroup
				defer running.Wait()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				running.Go(func() { _ = writer.Run(ctx) })
				ended := make(chan error, 1)
				running.Go(func() { ended <- relay.Run(ctx) })
				time.Sleep(3 * time.Second) // virtual
				to.failWith(broken)
				source{writer: writer}.deposit(t, "only", 1)
				if _, err := log.Open().Acquire(ctx); err != nil {
					t.Fatal(err)
				}
				select {
				case err := <-ended:
					if !errors.Is(err, storage.ErrFenced) {
						t.Fatalf("the relay ended with %v, want ErrFenced", err)
					}
				case <-time.After(time.Minute): // virtual
					t.Error("it goes on")
				}
			})
		})
	}
}

func TestAnIdleRelayTellsTheHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{}
		s := startSource(t, storage.NewMemoryLog(), b)
		s.deposit(t, "only", 7)
		time.Sleep(5 * time.Second) // virtual
		b.mu.Lock()
		defer b.mu.Unlock()
		last := b.batches[len(b.batches)-1]
		if len(last.Records) != 0 || last.Last != 7 || last.First != 0 {
			t.Fatalf("last batch %+v, want a heartbeat at 7", last)
		}
	})
}
