package sequencer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/eventsource"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// runningGroup has the goroutines that a story has started.
type runningGroup = sync.WaitGroup

// shop is a log of several partitions without the network.
type shop struct {
	logs []*storage.MemoryLog
	cuts *storage.MemorySequenceLog
	apis []*gate
}

// gate is a partition that can be made to fail.
type gate struct {
	*eventsource.API
	mu     sync.Mutex
	writer *eventsource.Writer
	shut   error
}

func (g *gate) set(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = err
}

func (g *gate) closed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut
}

func (g *gate) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	if err := g.closed(); err != nil {
		return contract.Records{}, err
	}
	page, err := g.API.ReadAll(ctx, r)
	if g.closed() != nil { // it was shut meanwhile
		return contract.Records{}, g.closed()
	}
	return page, err
}

func newShop(partitions int) *shop {
	s := &shop{cuts: storage.NewMemorySequenceLog()}
	for range partitions {
		s.logs = append(s.logs, storage.NewMemoryLog())
	}
	return s
}

// open starts the writers of all partitions, until ctx ends. It must run in a
// bubble.
func (s *shop) open(ctx context.Context, running *runningGroup) {
	s.apis = nil
	for i, log := range s.logs {
		memory := log.Open()
		w := eventsource.NewWriter(memory, slog.New(slog.DiscardHandler))
		running.Go(func() { _ = w.Run(ctx) })
		api := eventsource.NewPartitionAPI(w, memory, storage.Partition{Number: i + 1, Of: len(s.logs)})
		s.apis = append(s.apis, &gate{writer: w, API: api})
	}
	synctest.Wait()
}

func (s *shop) parts() (parts []sequencer.PartitionLog) {
	for _, api := range s.apis {
		parts = append(parts, api)
	}
	return parts
}

// sequencer starts a sequencer until ctx ends. The channel yields what its Run returned.
func (s *shop) sequencer(
	ctx context.Context, running *runningGroup, log storage.SequenceLog,
) (*sequencer.Sequencer, <-chan error) {
	q := sequencer.New(log, s.parts(), slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	running.Go(func() { ended <- q.Run(ctx) })
	return q, ended
}

// next appends the next event of the account of a name.
func (s *shop) next(t interface{ Fatalf(string, ...any) }, name string) contract.AppendResult {
	id := bank.NewAccountID("shop", name)
	api := s.apis[contract.PartitionOf(id, len(s.apis))-1]
	page, err := api.ReadStream(context.Background(), contract.ReadStreamRequest{Account: id})
	if err != nil {
		t.Fatalf("%v", err)
	}
	version := int64(len(page.Records))
	return s.append(t, contract.Record{Account: id, Version: version + 1, Key: fmt.Sprint("key ", version)})
}

func (s *shop) append(t interface{ Fatalf(string, ...any) }, r contract.Record) contract.AppendResult {
	if err := r.SetEvent(bank.AccountOpened{Owner: "Ada", Currency: "EUR", Kind: bank.Current}); err != nil {
		t.Fatalf("%v", err)
	}
	a := contract.Append{Account: r.Account, ExpectedVersion: r.Version - 1, Records: []contract.Record{r}}
	reply, err := s.apis[contract.PartitionOf(r.Account, len(s.apis))-1].Append(context.Background(),
		contract.AppendRequest{Appends: []contract.Append{a}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return reply.Results[0]
}

// in runs a story in a bubble, and ends the goroutines that it has started.
func in(t *testing.T, story func(ctx context.Context, running *runningGroup)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		var running runningGroup
		defer running.Wait()
		defer cancel()
		story(ctx, &running)
	})
}

// all reads the merged log and checks that it is contiguous, with each account's versions in order.
func all(
	t interface{ Fatalf(string, ...any) },
	read func(ctx context.Context, after int64, limit int) ([]contract.Record, error), limit int,
) (records []contract.Record) {
	versions := map[bank.AccountID]int64{}
	for {
		page, err := read(context.Background(), int64(len(records)), limit)
		if err != nil {
			t.Fatalf("read after %d: %v", len(records), err)
		}
		if len(page) == 0 {
			return records
		}
		for _, r := range page {
			if r.Position != int64(len(records))+1 || r.Version != versions[r.Account]+1 {
				t.Fatalf("after %d: version %d of %s at position %d", len(records), r.Version, r.Account, r.Position)
			}
			versions[r.Account] = r.Version
			records = append(records, r)
		}
	}
}

func locations(records []contract.Record) (locations []string) {
	for _, r := range records {
		locations = append(locations, fmt.Sprintf("%d %s %d", r.Position, r.Account, r.Version))
	}
	return locations
}

// Given three partitions; then their records become one log, each at one position, for every reader and page size.
func TestSeveralPartitionsAreOneLog(t *testing.T) {
	in(t, func(ctx context.Context, running *runningGroup) {
		s := newShop(3)
		s.open(ctx, running)
		q, _ := s.sequencer(ctx, running, s.cuts.Open())
		for i := range 60 {
			s.next(t, fmt.Sprint(i%7))
			if i%9 == 0 {
				await(t, func() bool { return q.Head() == int64(i)+1 })
			}
		}
		await(t, func() bool { return q.Head() == 60 })
		kept := locations(all(t, q.ReadAll, 1000))
		if len(kept) != 60 || q.Head() != 60 {
			t.Fatalf("%d records of 60, and the head is at %d", len(kept), q.Head())
		}
		merged := sequencer.NewMergedLog(s.cuts.Open(), s.parts())
		if head, err := merged.Refresh(ctx); err != nil || head != 60 {
			t.Fatalf("read elsewhere, the log ends at %d (%v)", head, err)
		}
		for _, limit := range []int{1, 2, 7, 1000} {
			if again := locations(all(t, merged.ReadAll, limit)); !slices.Equal(again, kept) {
				t.Errorf("read by %d:\n%q, and at first\n%q", limit, again, kept)
			}
		}
		for i := range 7 {
			id := bank.NewAccountID("shop", fmt.Sprint(i))
			stream, err := q.ReadStream(ctx, id, 0, 1000)
			if err != nil || len(stream) < 8 {
				t.Fatalf("the stream of %s has %d records (%v)", id, len(stream), err)
			}
			for _, location := range locations(stream) {
				if !slices.Contains(kept, location) {
					t.Errorf("%s is in its stream and not in the log", location)
				}
			}
			found, err := q.FindKeys(ctx, id, []string{"key 3"})
			if err != nil || len(found) != 1 || !slices.Contains(kept, locations(found)[0]) {
				t.Errorf("by its key: %v (%v)", locations(found), err)
			}
		}
	})
}

// Given a second sequencer; then the first adds no more cuts and ends, and the second goes on where it was.
func TestASecondSequencerFencesTheFirst(t *testing.T) {
	in(t, func(ctx context.Context, running *runningGroup) {
		s := newShop(2)
		s.open(ctx, running)
		first, ended := s.sequencer(ctx, running, s.cuts.Open())
		for i := range 10 {
			s.next(t, fmt.Sprint(i))
		}
		await(t, func() bool { return first.Head() == 10 })
		before := locations(all(t, first.ReadAll, 1000))
		second, _ := s.sequencer(ctx, running, s.cuts.Open())
		synctest.Wait()
		s.next(t, "one more")
		await(t, func() bool { return second.Head() == 11 })
		if err := <-ended; !errors.Is(err, storage.ErrFenced) {
			t.Errorf("the first ended with %v", err)
		}
		after := locations(all(t, second.ReadAll, 1000))
		if len(after) != 11 || !slices.Equal(after[:10], before) {
			t.Errorf("before\n%q, now\n%q", before, after)
		}
	})
}

// Given a partition that cannot be read for a while; then the others go on, readiness names the missing one, and its
// records come later.
func TestAPartitionMayBeAway(t *testing.T) {
	in(t, func(ctx context.Context, running *runningGroup) {
		s := newShop(2)
		s.open(ctx, running)
		q, _ := s.sequencer(ctx, running, s.cuts.Open())
		synctest.Wait()
		s.apis[1].set(errors.New("no answer"))
		for i := range 20 {
			s.next(t, fmt.Sprint(i))
		}
		held := int64(0)
		for i := range 20 {
			if contract.PartitionOf(bank.NewAccountID("shop", fmt.Sprint(i)), 2) == 2 {
				held++
			}
		}
		await(t, func() bool { return q.Head() == 20-held && q.Ready().Reason != "" })
		if got := q.Ready(); !got.Ready || got.Reason != "partition 2: it cannot be read: no answer" {
			t.Errorf("ready: %+v", got)
		}
		if held == 0 || held == 20 {
			t.Errorf("%d of 20 are in the partition that is away", held)
		}
		s.apis[1].set(nil)
		await(t, func() bool { return q.Head() == 20 })
		all(t, q.ReadAll, 1000)
		await(t, func() bool { return q.Ready().Reason == "" })
		states := q.Partitions()
		if states[0].Ordered+states[1].Ordered != 20 || states[1].Head != held || states[1].Problem != "" {
			t.Errorf("the partitions are %+v", states)
		}
	})
}

// await lets a bubble's time go on until a condition holds.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for range 1000 {
		if synctest.Wait(); so() {
			return
		}
		<-time.After(50 * time.Millisecond) // virtual
	}
	t.Fatal("it does not become so")
}
