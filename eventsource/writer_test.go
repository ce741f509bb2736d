package eventsource_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/eventsource"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// doubtful is a log in memory whose commits a test can hold and lose.
type doubtful struct {
	storage.Log
	// before runs before a commit, which does not happen if it fails. after runs after a commit; the writer gets its
	// error.
	before, after func(context.Context) error
	// unsearchable is the error of looking up keys.
	unsearchable error

	mu    sync.Mutex
	sizes []int // of the commits, in records
}

func (d *doubtful) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	d.mu.Lock()
	d.sizes = append(d.sizes, len(records))
	d.mu.Unlock()
	if d.before != nil {
		if err := d.before(ctx); err != nil {
			return err
		}
	}
	if err := d.Log.Commit(ctx, records, assumed); err != nil || d.after == nil {
		return err
	}
	return d.after(ctx)
}

func (d *doubtful) MayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	if d.unsearchable != nil {
		return nil, d.unsearchable
	}
	return d.Log.MayRepeat(ctx, appends)
}

// startDoubtful runs a writer until the test ends. It must run in a bubble.
func startDoubtful(t *testing.T, d *doubtful) *eventsource.Writer {
	t.Helper()
	d.Log = storage.NewMemoryLog().Open()
	writer := eventsource.NewWriter(d, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := writer.Run(ctx); err != nil {
			t.Errorf("the writer ended: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	synctest.Wait()
	return writer
}

// opening opens the account of a name.
func opening(t *testing.T, name string) contract.Append {
	t.Helper()
	r := contract.Record{Account: bank.NewAccountID("writer", name), Version: 1, Key: "first"}
	if err := r.SetEvent(bank.AccountOpened{Owner: name, Currency: "EUR", Kind: bank.Current}); err != nil {
		t.Fatal(err)
	}
	return contract.Append{Account: r.Account, Records: []contract.Record{r}}
}

// Given a commit that happens but whose answer is lost; then its outcome is unknown, and a retry gets a version
// conflict.
func TestACommitWhoseAnswerGetsLostIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doubtful{}
		w := startDoubtful(t, d)
		d.after = func(context.Context) error { d.after = nil; return errors.New("the connection broke") }
		got := w.Append(t.Context(), []contract.Append{opening(t, "ada")})[0]
		if got.Status != contract.AppendUnknown || got.Reason == "" {
			t.Errorf("got %+v, want unknown", got)
		}
		synctest.Wait() // it takes the log over again
		got = w.Append(t.Context(), []contract.Append{opening(t, "ada")})[0]
		if got.Status != contract.VersionConflict || got.Version != 1 {
			t.Errorf("retried: %+v, want a conflict at version 1", got)
		}
	})
}

// Given appends that ask for a look-up of their keys; then one that repeats a key is not written, the others are, and
// none is written if the look-up fails.
func TestAnAppendMayAskForItsKeysToBeLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doubtful{}
		w := startDoubtful(t, d)
		deposit := func(name string, version int64, key string) contract.Append {
			a := opening(t, name)
			a.ExpectedVersion, a.CheckKeys = version-1, true
			a.Records[0].Version, a.Records[0].Key = version, key
			return a
		}
		send := func(what string, appends []contract.Append, want ...contract.AppendStatus) {
			t.Helper()
			for i, got := range w.Append(t.Context(), appends) {
				if got.Status != want[i] || (got.Reason == "") != (got.Status == contract.Appended) {
					t.Errorf("%s: append %d: %+v, want %s", what, i, got, want[i])
				}
			}
		}
		send("new", []contract.Append{deposit("ada", 1, "first"), deposit("bob", 1, "first")},
			contract.Appended, contract.Appended)
		send("one of them again", []contract.Append{deposit("ada", 2, "first"), deposit("bob", 2, "second")},
			contract.KeysUsed, contract.Appended)
		unasked := deposit("eve", 1, "third")
		unasked.CheckKeys = false
		d.unsearchable = errors.New("the index is being read")
		send("no look-up", []contract.Append{deposit("ada", 2, "third"), unasked, {CheckKeys: true}},
			contract.Overloaded, contract.Appended, contract.AppendInvalid)
		d.unsearchable = nil
		send("a look-up again", []contract.Append{deposit("ada", 2, "third"), deposit("ada", 2, "fourth")},
			contract.Appended, contract.VersionConflict)
		if w.Head() != 5 {
			t.Errorf("%d records were written, want 5", w.Head())
		}
	})
}

func TestACommitThatNeverEndsIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doubtful{}
		w := startDoubtful(t, d)
		d.before = func(ctx context.Context) error { <-ctx.Done(); d.before = nil; return ctx.Err() }
		began := time.Now()
		got := w.Append(t.Context(), []contract.Append{opening(t, "ada")})[0]
		if took := time.Since(began); got.Status != contract.AppendUnknown || took > 15*time.Second {
			t.Errorf("got %+v after %s, want unknown after 10s", got, took)
		}
		synctest.Wait()
		if got := w.Append(t.Context(), []contract.Append{opening(t, "ada")})[0]; got.Status != contract.Appended {
			t.Errorf("retried: %+v, want appended", got)
		}
	})
}

// Given a slow log and more appends than may wait; then the ones that do not fit are refused at once, none is lost, and
// no commit is larger than immudb accepts.
func TestAFullQueueRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		d := &doubtful{before: func(context.Context) error { <-release; return nil }}
		w := startDoubtful(t, d)
		const sent = 10_000
		results := make([]contract.AppendResult, sent)
		var group sync.WaitGroup
		for i := range sent {
			a := opening(t, fmt.Sprint(i))
			group.Go(func() { results[i] = w.Append(t.Context(), []contract.Append{a})[0] })
		}
		synctest.Wait()
		refused := w.Append(t.Context(), []contract.Append{opening(t, "one more")})[0]
		if refused.Status != contract.Overloaded || !strings.Contains(refused.Reason, "queue is full") {
			t.Errorf("one more: %+v, want that the queue is full", refused)
		}
		close(release)
		group.Wait()
		appended := 0
		for _, r := range results {
			switch r.Status {
			case contract.Appended:
				appended++
			case contract.Overloaded:
			default:
				t.Errorf("got %+v", r)
			}
		}
		if w.Head() != int64(appended) || appended < 8192 || appended == sent {
			t.Errorf("%d of %d appended, and the head is at %d; want 8192 and what was under way", appended, sent, w.Head())
		}
		if most := slices.Max(d.sizes); most > 1000 {
			t.Errorf("a commit of %d records; immudb takes 1024 entries, one for each and some of the commit's own", most)
		}
	})
}

func TestTheLogsAPIHasBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doubtful{}
		w := startDoubtful(t, d)
		api := eventsource.NewAPI(w, d, w.Head)
		ada := opening(t, "ada")
		append257, keys257 := slices.Repeat([]contract.Append{ada}, 257), slices.Repeat([]string{"k"}, 257)
		_, appendErr := api.Append(t.Context(), contract.AppendRequest{Appends: append257})
		_, emptyErr := api.Append(t.Context(), contract.AppendRequest{})
		_, streamErr := api.ReadStream(t.Context(), contract.ReadStreamRequest{Account: ada.Account, Limit: 1001})
		_, allErr := api.ReadAll(t.Context(), contract.ReadAllRequest{Limit: 1001})
		_, beforeErr := api.ReadAll(t.Context(), contract.ReadAllRequest{AfterPosition: -1})
		_, keysErr := api.FindKeys(t.Context(), contract.FindKeysRequest{Account: ada.Account, Keys: keys257})
		for what, err := range map[string]error{"257 appends": appendErr, "no append": emptyErr,
			"a read of 1001 events":  streamErr,
			"a read of 1001 records": allErr, "a read from before the log": beforeErr, "257 keys": keysErr} {
			if err == nil {
				t.Errorf("%s: taken, want an error", what)
			}
		}
		if w.Head() != 0 {
			t.Errorf("%d records were written", w.Head())
		}
	})
}

// Long records come in short replies, which together have all of them.
func TestAnAnswerOfTheLogIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doubtful{}
		w := startDoubtful(t, d)
		const records = 600
		for i := range records {
			a := opening(t, fmt.Sprint(i))
			a.Records[0].Data = []byte(`"` + strings.Repeat("x", 16_000) + `"`)
			if got := w.Append(t.Context(), []contract.Append{a})[0]; got.Status != contract.Appended {
				t.Fatal(got)
			}
		}
		api, seen := eventsource.NewAPI(w, d, w.Head), int64(0)
		for seen < records {
			page, err := api.ReadAll(t.Context(), contract.ReadAllRequest{AfterPosition: seen})
			if err != nil || len(page.Records) == 0 {
				t.Fatalf("after %d: %d records (%v)", seen, len(page.Records), err)
			}
			bytes := 0
			for _, r := range page.Records {
				bytes += len(r.Data)
			}
			if bytes > 2<<20 {
				t.Errorf("after %d: %d bytes in one answer", seen, bytes)
			}
			seen += int64(len(page.Records))
		}
	})
}

// meanwhile is a log in which something happens after each read, before the answer is given.
type meanwhile struct {
	storage.Log
	do func()
}

func (m meanwhile) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	records, err := m.Log.ReadAll(ctx, after, limit)
	m.do()
	return records, err
}

// Given a reader that has all of the log; when a record is appended while it reads; then it does not learn of an end of
// the log whose records it was not given: for a rebuild, a log like that is damaged.
func TestAReaderIsNotToldOfRecordsThatItDoesNotGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, accounts := &doubtful{}, 0
		w := startDoubtful(t, d)
		another := func() {
			accounts++
			got := w.Append(t.Context(), []contract.Append{opening(t, fmt.Sprint(accounts))})[0]
			if got.Status != contract.Appended {
				t.Error(got)
			}
		}
		another()
		api := eventsource.NewAPI(w, meanwhile{d, another}, w.Head)
		for after := int64(1); after <= 3; after++ {
			page, err := api.ReadAll(t.Context(), contract.ReadAllRequest{AfterPosition: after})
			if err != nil || page.Head != after+int64(len(page.Records)) {
				t.Errorf("after %d: %d records of a log that ends at %d (%v)", after, len(page.Records), page.Head, err)
			}
		}
	})
}

// damagedOnce is a log that cannot be taken over the first time.
type damagedOnce struct {
	storage.Log
	asked chan struct{}
	mend  chan struct{}
}

func (d *damagedOnce) Acquire(ctx context.Context) (int64, error) {
	select {
	case <-d.mend:
		return d.Log.Acquire(ctx)
	default:
		select {
		case d.asked <- struct{}{}:
		default:
		}
		return 0, immudb.ErrIndexDamaged
	}
}

func TestAWriterSaysThatItsIndexIsDamagedUntilItIsMended(t *testing.T) {
	log := &damagedOnce{Log: storage.NewMemoryLog().Open(), asked: make(chan struct{}), mend: make(chan struct{})}
	w := eventsource.NewWriter(log, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	<-log.asked
	<-log.asked // the first answer has been noted
	if ready := w.Ready(); ready.Ready || !strings.Contains(ready.Reason, "delete the directories index_*") {
		t.Errorf("it says %+v", ready)
	}
	close(log.mend)
	<-w.Moved()
	if ready := w.Ready(); ready != (contract.Readiness{Ready: true}) {
		t.Errorf("mended, it says %+v", ready)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
