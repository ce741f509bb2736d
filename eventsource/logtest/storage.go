package logtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Open makes a fresh log and returns how to open it, as often as one likes:
// each Storage is one competing event source.
type Open func(t *testing.T) func() storage.Log

// Run holds a storage against the suite.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		run  func(*testing.T, func() storage.Log)
	}{
		{"an empty log has nothing to read", emptyLog},
		{"what was committed is read back by stream, by position and by key", readBack},
		{"a log is read on from the middle of a commit", readOn},
		{"an event source that never wrote reads what others wrote", readOnly},
		{"a commit checks the versions that it assumes", assumptions},
		{"a writer knows the keys of all that was committed", usedKeys},
		{"a newer writer fences the older", fencing},
		{"a writer may acquire again and goes on", reacquire},
		{"the relay's checkpoint and the last audit are kept", notes},
		{"an append happens at the version it expects", expectedVersion},
		{"a writer that has just taken over decides as the one before", strangeStreams},
		{"an append is whole or not at all", wholeAppend},
		{"concurrent appends leave no gap", concurrentAppends},
		{"a fenced writer stops and writes nothing more", fencedWriter},
		{"malformed appends are refused", malformedAppends},
		{"a key that is used twice fails nobody else", oneKeyTwice},
		{"the largest records are stored and read", largestRecords},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// within is a context that ends a test which hangs.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func account(n int) bank.AccountID { return bank.NewAccountID("logtest", fmt.Sprint(n)) }

// event is a record that asks to be version of the account's stream.
func event(id bank.AccountID, version int64) contract.Record {
	r := contract.Record{Account: id, Version: version, At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC),
		Key: fmt.Sprintf("key-%d", version), Caller: "ada", RequestHash: "00ff"}
	var e bank.Event = bank.AccountOpened{Owner: "Ada Lovelace ✓", Currency: "EUR", Kind: bank.Current}
	if version > 1 {
		amount := bank.Money{Minor: 100, Currency: "EUR"}
		e = bank.MoneyDeposited{Movement: bank.Movement{Amount: amount, Balance: bank.Money{Minor: 100 * (version - 1), Currency: "EUR"},
			Postings: []bank.Posting{{LedgerAccount: "customer/x", Amount: amount},
				{LedgerAccount: "cash/EUR", Amount: bank.Money{Minor: -100, Currency: "EUR"}}}}, Details: bank.Details{Memo: "päivää"}}
	}
	if err := r.SetEvent(e); err != nil {
		panic(err)
	}
	return r
}

// events are n records of an account from version first on, at positions from
// position on.
func events(id bank.AccountID, first int64, n int, position int64) []contract.Record {
	records := make([]contract.Record, n)
	for i := range records {
		records[i] = event(id, first+int64(i))
		records[i].Position = position + int64(i)
	}
	return records
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func emptyLog(t *testing.T, open func() storage.Log) {
	ctx, s := within(t), open()
	records := must[[]contract.Record](t)
	number := must[int64](t)
	same(t, "stream before anybody wrote", len(records(s.ReadStream(ctx, account(1), 0, 10))), 0)
	same(t, "its version", number(s.StreamVersion(ctx, account(1))), int64(0))
	same(t, "head", number(s.Acquire(ctx)), int64(0))
	same(t, "stream version", number(s.StreamVersion(ctx, account(1))), int64(0))
	same(t, "stream", len(records(s.ReadStream(ctx, account(1), 0, 10))), 0)
	same(t, "log", len(records(s.ReadAll(ctx, 0, 10))), 0)
	same(t, "keys", len(records(s.FindKeys(ctx, account(1), []string{"key-1"}))), 0)
	same(t, "checkpoint", number(s.Checkpoint(ctx)), int64(0))
	same(t, "audit", must[*contract.Audit](t)(s.LastAudit(ctx)), (*contract.Audit)(nil))
}

func readBack(t *testing.T, open func() storage.Log) {
	ctx, s := within(t), open()
	records := must[[]contract.Record](t)
	must[int64](t)(s.Acquire(ctx))
	ada := events(account(1), 1, 3, 1)
	bob := events(account(2), 1, 2, 4)
	if err := s.Commit(ctx, append(append([]contract.Record{}, ada...), bob...), nil); err != nil {
		t.Fatal(err)
	}
	more := events(account(1), 4, 1, 6)
	if err := s.Commit(ctx, more, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "Ada's stream", records(s.ReadStream(ctx, account(1), 0, 10)), append(append([]contract.Record{}, ada...), more...))
	same(t, "Ada's stream after 1, two of it", records(s.ReadStream(ctx, account(1), 1, 2)), ada[1:])
	same(t, "Ada's version", must[int64](t)(s.StreamVersion(ctx, account(1))), int64(4))
	same(t, "Bob's version", must[int64](t)(s.StreamVersion(ctx, account(2))), int64(2))
	same(t, "by key", records(s.FindKeys(ctx, account(1), []string{"key-2", "unheard of"})), ada[1:2])
	same(t, "another's key", len(records(s.FindKeys(ctx, account(2), []string{"key-4"}))), 0)
	all := readEverything(t, s)
	same(t, "whole log", all, append(append(append([]contract.Record{}, ada...), bob...), more...))
	same(t, "head on taking over", must[int64](t)(open().Acquire(ctx)), int64(6))
}

// readEverything reads the log in small steps.
func readEverything(t *testing.T, s storage.Log) []contract.Record {
	t.Helper()
	var all []contract.Record
	for {
		var after int64
		if len(all) > 0 {
			after = all[len(all)-1].Position
		}
		page := must[[]contract.Record](t)(s.ReadAll(within(t), after, 2))
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

func readOn(t *testing.T, open func() storage.Log) {
	ctx, s := within(t), open()
	must[int64](t)(s.Acquire(ctx))
	first, second := events(account(1), 1, 5, 1), events(account(2), 1, 5, 6)
	for _, records := range [][]contract.Record{first, second} {
		if err := s.Commit(ctx, records, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveCheckpoint(ctx, records[0].Position); err != nil { // other writes lie between commits
			t.Fatal(err)
		}
	}
	for after := int64(0); after < 10; after++ {
		page := must[[]contract.Record](t)(s.ReadAll(ctx, after, 100))
		for i, r := range page {
			same(t, fmt.Sprintf("position %d after %d", i, after), r.Position, after+1+int64(i))
		}
		same(t, fmt.Sprintf("records after %d", after), int64(len(page)), 10-after)
	}
	same(t, "records after the end", len(must[[]contract.Record](t)(s.ReadAll(ctx, 10, 100))), 0)
}

func readOnly(t *testing.T, open func() storage.Log) {
	ctx, writer, reader := within(t), open(), open()
	must[int64](t)(writer.Acquire(ctx))
	if err := writer.Commit(ctx, events(account(1), 1, 5, 1), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "records", len(must[[]contract.Record](t)(reader.ReadAll(ctx, 2, 100))), 3)
	if err := writer.Commit(ctx, events(account(1), 6, 2, 6), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "records that came after it read", len(must[[]contract.Record](t)(reader.ReadAll(ctx, 5, 100))), 2)
}

func assumptions(t *testing.T, open func() storage.Log) {
	ctx, s := within(t), open()
	must[int64](t)(s.Acquire(ctx))
	ada, bob := account(1), account(2)
	if err := s.Commit(ctx, append(events(ada, 1, 3, 1), events(bob, 1, 1, 4)...), storage.Heads{ada: 0, bob: 0}); err != nil {
		t.Fatalf("two that are new: %v", err)
	}
	for what, assumed := range map[string]storage.Heads{
		"too low": {ada: 2, bob: 1}, "too high": {ada: 4, bob: 1}, "new": {ada: 0, bob: 1}, "another is not new": {ada: 3, account(3): 1},
	} {
		version := assumed[ada]
		if err := s.Commit(ctx, events(ada, version+1, 1, 5), assumed); !errors.Is(err, storage.ErrHeadMoved) {
			t.Errorf("%s: %v, want ErrHeadMoved", what, err)
		}
	}
	same(t, "log", len(readEverything(t, s)), 4)
	if err := s.Commit(ctx, append(events(ada, 4, 1, 5), events(bob, 2, 1, 6)...), storage.Heads{ada: 3, bob: 1}); err != nil {
		t.Fatalf("as it is: %v", err)
	}
	must[int64](t)(open().Acquire(ctx))
	if err := s.Commit(ctx, events(ada, 4, 1, 7), storage.Heads{ada: 3}); !errors.Is(err, storage.ErrFenced) {
		t.Fatalf("one that is fenced and wrong: %v, want ErrFenced", err)
	}
}

// usedKeys looks for keys of commits of its own, with assumptions and without,
// and of those that another writer made before.
func usedKeys(t *testing.T, open func() storage.Log) {
	ctx, first, second := within(t), open(), open()
	ada, bob := account(1), account(2)
	asked := []contract.Append{
		{Account: ada, Records: events(ada, 9, 2, 0)},                                  // new
		{Account: ada, Records: append(events(ada, 9, 1, 0), events(ada, 2, 1, 0)...)}, // the second one is not
		{Account: bob, Records: events(bob, 2, 1, 0)},                                  // another's key
		{Account: bob, Records: events(bob, 1, 1, 0)},
	}
	if got, err := first.MayRepeat(ctx, asked); err == nil {
		t.Fatalf("before it took the log over it says %v, want an error", got)
	}
	must[int64](t)(first.Acquire(ctx))
	same(t, "of an empty log", must[[]bool](t)(first.MayRepeat(ctx, asked)), []bool{false, false, false, false})
	if err := first.Commit(ctx, events(ada, 1, 3, 1), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "of a commit", must[[]bool](t)(first.MayRepeat(ctx, asked)), []bool{false, true, false, false})
	if err := first.Commit(ctx, events(bob, 1, 1, 4), storage.Heads{bob: 0}); err != nil {
		t.Fatal(err)
	}
	want := []bool{false, true, false, true}
	same(t, "of a commit that assumes", must[[]bool](t)(first.MayRepeat(ctx, asked)), want)
	must[int64](t)(first.Acquire(ctx))
	same(t, "of its own, taken over again", must[[]bool](t)(first.MayRepeat(ctx, asked)), want)
	must[int64](t)(second.Acquire(ctx))
	same(t, "of those before it took the log over", must[[]bool](t)(second.MayRepeat(ctx, asked)), want)
	same(t, "of nothing", len(must[[]bool](t)(second.MayRepeat(ctx, nil))), 0)
}

func fencing(t *testing.T, open func() storage.Log) {
	ctx, older, newer := within(t), open(), open()
	must[int64](t)(older.Acquire(ctx))
	if err := older.Commit(ctx, events(account(1), 1, 1, 1), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "head at takeover", must[int64](t)(newer.Acquire(ctx)), int64(1))
	if err := older.Commit(ctx, events(account(1), 2, 1, 2), nil); !errors.Is(err, storage.ErrFenced) {
		t.Fatalf("the older writer's commit: %v, want ErrFenced", err)
	}
	if err := older.CheckOurs(ctx); !errors.Is(err, storage.ErrFenced) {
		t.Fatalf("the older writer looks whether the log is its own: %v, want ErrFenced", err)
	}
	if err := newer.CheckOurs(ctx); err != nil {
		t.Fatalf("the newer writer looks whether the log is its own: %v", err)
	}
	if err := older.SaveCheckpoint(ctx, 1); !errors.Is(err, storage.ErrFenced) {
		t.Fatalf("the older writer's relay saves its checkpoint: %v, want ErrFenced", err)
	}
	if _, err := older.Acquire(ctx); !errors.Is(err, storage.ErrFenced) {
		t.Fatalf("the older writer acquires again: %v, want ErrFenced", err)
	}
	if err := newer.Commit(ctx, events(account(1), 2, 1, 2), nil); err != nil {
		t.Fatalf("the newer writer's commit: %v", err)
	}
	same(t, "log", len(readEverything(t, newer)), 2)
}

func reacquire(t *testing.T, open func() storage.Log) {
	ctx, s := within(t), open()
	must[int64](t)(s.Acquire(ctx))
	if err := s.Commit(ctx, events(account(1), 1, 2, 1), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "head", must[int64](t)(s.Acquire(ctx)), int64(2))
	if err := s.Commit(ctx, events(account(1), 3, 2, 3), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "log", len(readEverything(t, s)), 4)
}

func notes(t *testing.T, open func() storage.Log) {
	ctx, s := within(t), open()
	must[int64](t)(s.Acquire(ctx))
	for _, position := range []int64{7, 8} {
		if err := s.SaveCheckpoint(ctx, position); err != nil {
			t.Fatal(err)
		}
		same(t, "checkpoint", must[int64](t)(open().Checkpoint(ctx)), position)
		audit := contract.Audit{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Position: position, Records: position, Accounts: 3, OK: true}
		if err := s.SaveAudit(ctx, audit); err != nil {
			t.Fatal(err)
		}
		same(t, "audit", must[*contract.Audit](t)(open().LastAudit(ctx)), &audit)
	}
}
