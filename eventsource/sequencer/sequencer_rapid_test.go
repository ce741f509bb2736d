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

	"pgregory.net/rapid"

	"corebank/eventsource"
	"corebank/eventsource/logtest"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// rough is a sequence log that may lose a cut, or the answer to it.
type rough struct {
	storage.SequenceLog
	mu   sync.Mutex
	next string // the fate of the next cut: "", "lost" or "unanswered"
}

func (r *rough) Add(ctx context.Context, cuts ...storage.Cut) error {
	r.mu.Lock()
	fate := r.next
	r.next = ""
	r.mu.Unlock()
	if fate == "lost" {
		return errors.New("the way there broke")
	}
	if err := r.SequenceLog.Add(ctx, cuts...); err != nil || fate == "" {
		return err
	}
	return errors.New("the way back broke")
}

func (r *rough) expect(fate string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = fate
}

// topic is a publisher that keeps its batches.
type topic struct {
	mu      sync.Mutex
	batches []contract.Batch
}

func (t *topic) Publish(_ context.Context, batch contract.Batch) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.batches = append(t.batches, batch)
	return nil
}

// wild is a log of several partitions to which anything happens.
type wild struct {
	*shop
	t       judge
	ctx     context.Context
	running *runningGroup
	cuts    *rough
	head    *sequencer.Sequencer
	crash   context.CancelFunc
	topic   *topic
	seen    []string          // the merged log when it was last read
	after   map[string]string // the causes of records, by account and version
	count   int
}

func (w *wild) start() {
	ctx, cancel := context.WithCancel(w.ctx)
	w.cuts = &rough{SequenceLog: w.shop.cuts.Open()}
	w.head, _ = w.sequencer(ctx, w.running, w.cuts)
	relay := eventsource.NewRelay(w.head, w.head, w.topic, slog.New(slog.DiscardHandler))
	w.running.Go(func() { _ = relay.Run(ctx) })
	w.crash = cancel
	synctest.Wait() // it has taken over from the sequencer before it
}

// appendOne appends the next event of some account, or of several in its partition at once.
func (w *wild) appendOne() {
	id := bank.NewAccountID("shop", fmt.Sprint(rapid.IntRange(0, 9).Draw(w.t.T, "account")))
	appends := []contract.Append{w.next(id)}
	for i := range rapid.IntRange(0, 3).Draw(w.t.T, "others") {
		other := inPartition(contract.PartitionOf(id, len(w.apis)), len(w.apis), i+1)
		if other != id {
			appends = append(appends, w.next(other))
		}
	}
	w.count += len(appends)
	reply, err := w.apis[contract.PartitionOf(id, len(w.apis))-1].Append(w.ctx,
		contract.AppendRequest{Appends: []contract.Append{logtest.Together(appends...)}})
	if err != nil || reply.Results[0].Status != contract.Appended {
		w.t.Fatalf("%+v, %v", reply, err)
	}
}

// next appends the next event of an account. Its cause may be in another partition.
func (w *wild) next(id bank.AccountID) contract.Append {
	mine := contract.PartitionOf(id, len(w.apis))
	stream, err := w.apis[mine-1].ReadStream(w.ctx, contract.ReadStreamRequest{Account: id})
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	version := int64(len(stream.Records)) + 1
	r := contract.Record{Account: id, Version: version, Key: fmt.Sprint("key ", version-1)}
	of := rapid.IntRange(1, len(w.apis)).Draw(w.t.T, "cause in partition")
	if of != mine && rapid.Bool().Draw(w.t.T, "cause in another") {
		if page, err := w.apis[of-1].API.ReadAll(w.ctx, contract.ReadAllRequest{}); err == nil && len(page.Records) > 0 {
			cause := page.Records[len(page.Records)-1]
			r.After = &contract.PartitionPosition{Partition: of, Position: cause.Position}
			w.after[name(r)] = name(cause)
		}
	}
	if err := r.SetEvent(bank.AccountOpened{Owner: "Ada", Currency: "EUR", Kind: bank.Current}); err != nil {
		w.t.Fatalf("%v", err)
	}
	return contract.Append{Account: id, ExpectedVersion: version - 1, Records: []contract.Record{r}}
}

func name(r contract.Record) string { return fmt.Sprintf("%s %d", r.Account, r.Version) }

// look reads the merged log as another process does, and compares it with the last time.
func (w *wild) look() {
	merged := sequencer.NewMergedLog(w.shop.cuts.Open(), w.parts())
	if _, err := merged.Refresh(w.ctx); err != nil {
		w.t.Fatalf("%v", err)
	}
	read := func(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
		records, err := merged.ReadAll(ctx, after, limit)
		if err != nil && slices.ContainsFunc(w.apis, func(g *gate) bool { return g.closed() != nil }) {
			return nil, nil // a partition cannot be read
		}
		return records, err
	}
	var now []string
	more := 0
	for _, r := range all(w.t, read, rapid.IntRange(1, 50).Draw(w.t.T, "page")) {
		if cause := w.after[name(r)]; cause != "" && !slices.Contains(now, cause) {
			w.t.Fatalf("%s comes before %s, which caused it", name(r), cause)
		}
		if more > 0 && r.More != more-1 {
			w.t.Fatalf("%s is inside an append that lacks %d records", name(r), more)
		}
		more = r.More
		now = append(now, name(r))
	}
	if more > 0 && !slices.ContainsFunc(w.apis, func(g *gate) bool { return g.closed() != nil }) {
		w.t.Fatalf("the merged log ends inside an append, %d records before its end", more)
	}
	if n := min(len(now), len(w.seen)); !slices.Equal(now[:n], w.seen[:n]) {
		w.t.Fatalf("the merged log was\n%q and is\n%q", w.seen, now)
	}
	if len(now) > len(w.seen) {
		w.seen = now
	}
}

// published compares what subscribers got with the log.
func (w *wild) published() {
	w.topic.mu.Lock()
	defer w.topic.mu.Unlock()
	for _, batch := range w.topic.batches {
		if n := len(batch.Records); n > 0 && batch.Records[n-1].More > 0 {
			w.t.Fatalf("a message ends with %s, inside an append", name(batch.Records[n-1]))
		}
		for _, r := range batch.Records {
			if r.Position > int64(len(w.seen)) || w.seen[r.Position-1] != name(r) {
				w.t.Fatalf("%s was published as position %d of %q", name(r), r.Position, w.seen)
			}
		}
	}
}

// Whatever happens to the sequencer and the partitions between any two steps: each record has one permanent position,
// without gaps, after the record that caused it.
func TestPositionsArePermanent(t *testing.T) {
	rapid.Check(t, func(chance *rapid.T) {
		bubble(t, chance, func() { anything(judge{chance}) })
	})
}

// judge panics with a failure, so that it leaves the bubble and fails the test there.
type judge struct{ *rapid.T }

type verdict string

func (judge) Fatalf(format string, args ...any) { panic(verdict(fmt.Sprintf(format, args...))) }

// bubble runs a story in virtual time, and passes its panic on.
func bubble(t *testing.T, chance *rapid.T, story func()) {
	var thrown any
	synctest.Test(t, func(*testing.T) {
		defer func() { thrown = recover() }()
		story()
	})
	if found, wrong := thrown.(verdict); wrong {
		chance.Fatal(string(found))
	} else if thrown != nil {
		panic(thrown)
	}
}

func anything(t judge) {
	ctx, cancel := context.WithCancel(context.Background())
	var running runningGroup
	defer running.Wait()
	defer cancel()
	w := &wild{shop: newShop(rapid.IntRange(2, 4).Draw(t.T, "partitions")), t: t, ctx: ctx, running: &running,
		topic: &topic{}, after: map[string]string{}}
	steps := rapid.SampledFrom([]string{"append", "append", "append", "wait", "look", "crash", "second", "lose",
		"unanswered", "shut", "open"})
	w.open(ctx, &running)
	w.start()
	for range rapid.IntRange(1, 40).Draw(t.T, "steps") {
		switch steps.Draw(t.T, "step") {
		case "append":
			w.appendOne()
		case "wait":
			<-time.After(time.Duration(rapid.IntRange(0, 20).Draw(t.T, "ms")) * time.Millisecond)
			synctest.Wait()
		case "look":
			w.look()
		case "crash":
			w.crash()
			w.start()
		case "second": // while the first still runs
			w.start()
		case "lose":
			w.cuts.expect("lost")
		case "unanswered":
			w.cuts.expect("unanswered")
		case "shut":
			w.apis[rapid.IntRange(1, len(w.apis)).Draw(t.T, "partition")-1].set(errors.New("no answer"))
		case "open":
			w.reopen()
		}
	}
	w.reopen()
	for range 200 {
		if <-time.After(100 * time.Millisecond); w.head.Head() == int64(w.count) {
			break
		}
	}
	w.look()
	w.published()
	if len(w.seen) != w.count {
		t.Fatalf("%d of %d records have their position", len(w.seen), w.count)
	}
}

func (w *wild) reopen() {
	for _, api := range w.apis {
		api.set(nil)
	}
}
