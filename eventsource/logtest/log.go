package logtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Open makes an empty log and returns a function that opens it, each time for another competing event source.
type Open func(t *testing.T) func() storage.Log

// cases are tests by what has to hold.
type cases map[string]func(*suite)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, all := range []cases{logCases, writerCases, togetherCases} {
		for name, test := range all {
			t.Run(name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // ends a test that hangs
				t.Cleanup(cancel)
				defer func() {
					if p := recover(); p != nil {
						t.Fatalf("%v\n%s", p, debug.Stack())
					}
				}()
				test(&suite{T: t, ctx: ctx, open: open(t)})
			})
		}
	}
}

// suite is one test of the suite, with a log of its own.
type suite struct {
	*testing.T
	ctx  context.Context
	open func() storage.Log
}

// ada and bob are two accounts.
var ada, bob = account(1), account(2)

func account(n int) bank.AccountID { return bank.NewAccountID("logtest", fmt.Sprint(n)) }

// event is a record that asks to be version of the account's stream.
func event(id bank.AccountID, version int64) contract.Record {
	r := contract.Record{Account: id, Version: version, At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC),
		Key: fmt.Sprintf("key-%d", version), Caller: "ada", RequestHash: "00ff"}
	var e bank.Event = bank.AccountOpened{Owner: "Ada Lovelace ✓", Currency: "EUR", Kind: bank.Current}
	if version > 1 {
		amount := bank.Money{Minor: 100, Currency: "EUR"}
		e = bank.MoneyDeposited{Movement: bank.Movement{Amount: amount,
			Balance: bank.Money{Minor: 100 * (version - 1), Currency: "EUR"},
			Postings: []bank.Posting{{LedgerAccount: "customer/x", Amount: amount},
				{LedgerAccount: "cash/EUR", Amount: bank.Money{Minor: -100, Currency: "EUR"}}}},
			Details: bank.Details{Memo: "päivää"}}
	}
	if err := r.SetEvent(e); err != nil {
		panic(err)
	}
	return r
}

// Deposits are the first n records of a log, all of one account.
func Deposits(n int) []contract.Record { return events(ada, 1, n, 1) }

// events are n records of an account, from version first and position on.
func events(id bank.AccountID, first int64, n int, position int64) []contract.Record {
	records := make([]contract.Record, n)
	for i := range records {
		records[i] = event(id, first+int64(i))
		records[i].Position = position + int64(i)
	}
	return records
}

// must is for what cannot fail: Run turns its panic into the failure of the test.
func must[T any](got T, err error) T {
	if err != nil {
		panic(fmt.Errorf("must succeed: %w", err))
	}
	return got
}

// acquired opens the log and takes it over.
func (s *suite) acquired() storage.Log {
	s.Helper()
	log := s.open()
	must(log.Acquire(s.ctx))
	return log
}

func (s *suite) commit(log storage.Log, assumed storage.Heads, records ...[]contract.Record) {
	s.Helper()
	s.want("commit", nil, log.Commit(s.ctx, slices.Concat(records...), assumed))
}

func (s *suite) want(what string, want, got error) {
	s.Helper()
	if !errors.Is(got, want) {
		s.Fatalf("%s: got the error %v, want %v", what, got, want)
	}
}

func (s *suite) same(what string, got, want any) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// readEverything reads the log in small steps.
func (s *suite) readEverything(log storage.Log) (all []contract.Record) {
	s.Helper()
	for after := int64(0); ; after = all[len(all)-1].Position {
		page := must(log.ReadAll(s.ctx, after, 2))
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

var logCases = cases{
	"an empty log has nothing to read": func(s *suite) {
		log := s.open()
		s.same("stream before any writer", len(must(log.ReadStream(s.ctx, ada, 0, 10))), 0)
		s.same("its version", must(log.StreamVersion(s.ctx, ada)), int64(0))
		s.same("head", must(log.Acquire(s.ctx)), int64(0))
		s.same("stream version", must(log.StreamVersion(s.ctx, ada)), int64(0))
		s.same("stream", len(must(log.ReadStream(s.ctx, ada, 0, 10))), 0)
		s.same("log", len(must(log.ReadAll(s.ctx, 0, 10))), 0)
		s.same("keys", len(must(log.FindKeys(s.ctx, ada, []string{"key-1"}))), 0)
		s.same("checkpoint", must(log.Checkpoint(s.ctx)), int64(0))
		s.same("audit", must(log.LastAudit(s.ctx)), (*contract.Audit)(nil))
	},
	"committed records are read by stream, by position and by key": func(s *suite) {
		log := s.acquired()
		first, second, third := events(ada, 1, 3, 1), events(bob, 1, 2, 4), events(ada, 4, 1, 6)
		s.commit(log, nil, first, second)
		s.commit(log, nil, third)
		s.same("Ada's stream", must(log.ReadStream(s.ctx, ada, 0, 10)), slices.Concat(first, third))
		s.same("Ada's stream after 1, limit 2", must(log.ReadStream(s.ctx, ada, 1, 2)), first[1:])
		s.same("Ada's version", must(log.StreamVersion(s.ctx, ada)), int64(4))
		s.same("Bob's version", must(log.StreamVersion(s.ctx, bob)), int64(2))
		s.same("by key", must(log.FindKeys(s.ctx, ada, []string{"key-2", "unknown"})), first[1:2])
		s.same("another account's key", len(must(log.FindKeys(s.ctx, bob, []string{"key-4"}))), 0)
		s.same("whole log", s.readEverything(log), slices.Concat(first, second, third))
		s.same("head on taking over", must(s.open().Acquire(s.ctx)), int64(6))
	},
	"a log is read from the middle of a commit": func(s *suite) {
		log := s.acquired()
		for _, records := range [][]contract.Record{events(ada, 1, 5, 1), events(bob, 1, 5, 6)} {
			s.commit(log, nil, records)
			s.want("other write between commits", nil, log.SaveCheckpoint(s.ctx, records[0].Position))
		}
		for after := int64(0); after <= 10; after++ {
			page := must(log.ReadAll(s.ctx, after, 100))
			for i, r := range page {
				s.same(fmt.Sprintf("position %d after %d", i, after), r.Position, after+1+int64(i))
			}
			s.same(fmt.Sprintf("records after %d", after), int64(len(page)), 10-after)
		}
	},
	"an event source that never wrote reads what others wrote": func(s *suite) {
		writer, reader := s.acquired(), s.open()
		s.commit(writer, nil, events(ada, 1, 5, 1))
		s.same("records", len(must(reader.ReadAll(s.ctx, 2, 100))), 3)
		s.commit(writer, nil, events(ada, 6, 2, 6))
		s.same("records that came after the first read", len(must(reader.ReadAll(s.ctx, 5, 100))), 2)
	},
	"a commit checks the versions that it assumes": func(s *suite) {
		log := s.acquired()
		s.commit(log, storage.Heads{ada: 0, bob: 0}, events(ada, 1, 3, 1), events(bob, 1, 1, 4))
		for what, assumed := range map[string]storage.Heads{
			"too low": {ada: 2, bob: 1}, "too high": {ada: 4, bob: 1}, "new": {ada: 0, bob: 1},
			"another is not new": {ada: 3, account(3): 1},
		} {
			s.want(what, storage.ErrHeadMoved, log.Commit(s.ctx, events(ada, assumed[ada]+1, 1, 5), assumed))
		}
		s.same("log", len(s.readEverything(log)), 4)
		s.commit(log, storage.Heads{ada: 3, bob: 1}, events(ada, 4, 1, 5), events(bob, 2, 1, 6))
		s.acquired()
		s.want("fenced, and wrong", storage.ErrFenced, log.Commit(s.ctx, events(ada, 4, 1, 7), storage.Heads{ada: 3}))
	},
	// The keys are of commits of its own, with assumptions and without, and of another writer's commits.
	"a writer knows the keys of all commits": func(s *suite) {
		first, second := s.open(), s.open()
		appends := []contract.Append{
			{Account: ada, Records: events(ada, 9, 2, 0)},                                      // new
			{Account: ada, Records: slices.Concat(events(ada, 9, 1, 0), events(ada, 2, 1, 0))}, // the second is used
			{Account: bob, Records: events(bob, 2, 1, 0)},                                      // another account's key
			{Account: bob, Records: events(bob, 1, 1, 0)},
		}
		same := func(what string, log storage.Log, want ...bool) {
			s.Helper()
			s.same(what, must(log.MayRepeat(s.ctx, appends)), want)
		}
		if got, err := first.MayRepeat(s.ctx, appends); err == nil {
			s.Fatalf("before it took the log over it reports %v, want an error", got)
		}
		must(first.Acquire(s.ctx))
		same("an empty log", first, false, false, false, false)
		s.commit(first, nil, events(ada, 1, 3, 1))
		same("after a commit", first, false, true, false, false)
		s.commit(first, storage.Heads{bob: 0}, events(bob, 1, 1, 4))
		same("after a commit that assumes", first, false, true, false, true)
		must(first.Acquire(s.ctx))
		same("its own commits, taken over again", first, false, true, false, true)
		must(second.Acquire(s.ctx))
		same("commits before it took the log over", second, false, true, false, true)
		s.same("no appends", len(must(second.MayRepeat(s.ctx, nil))), 0)
	},
	"a newer writer fences the older": func(s *suite) {
		older, newer := s.acquired(), s.open()
		s.commit(older, nil, events(ada, 1, 1, 1))
		s.same("head at takeover", must(newer.Acquire(s.ctx)), int64(1))
		s.want("the older writer commits", storage.ErrFenced, older.Commit(s.ctx, events(ada, 2, 1, 2), nil))
		s.want("the older writer checks the log", storage.ErrFenced, older.CheckOurs(s.ctx))
		s.want("the newer writer checks the log", nil, newer.CheckOurs(s.ctx))
		s.want("the older writer's relay saves its checkpoint", storage.ErrFenced, older.SaveCheckpoint(s.ctx, 1))
		_, err := older.Acquire(s.ctx)
		s.want("the older writer acquires again", storage.ErrFenced, err)
		s.commit(newer, nil, events(ada, 2, 1, 2))
		s.same("log", len(s.readEverything(newer)), 2)
	},
	// Actors confirm their refusals with whichever event source answers them.
	"an event source that was fenced and does not know it reads the newest": func(s *suite) {
		older, newer := s.acquired(), s.open()
		s.commit(older, nil, events(ada, 1, 20, 1))
		must(newer.Acquire(s.ctx))
		for version := int64(21); version <= 60; version += 20 {
			s.same("the end", len(must(older.ReadStream(s.ctx, ada, version-2, 2))), 1)
			s.commit(newer, nil, events(ada, version, 20, version))
			s.same("the stream", len(must(older.ReadStream(s.ctx, ada, 0, 100))), int(version)+19)
			s.same("after the version that it knows", len(must(older.ReadStream(s.ctx, ada, 19, 2))), 2)
			s.same("version", must(older.StreamVersion(s.ctx, ada)), version+19)
			s.same("a key", len(must(older.FindKeys(s.ctx, ada, []string{fmt.Sprint("key-", version)}))), 1)
		}
	},
	"a log has an id of its own, which stays": func(s *suite) {
		id := must(s.acquired().LogID(s.ctx))
		if again := must(s.acquired().LogID(s.ctx)); id == "" || again != id {
			s.Errorf("the log is %q, and after a takeover %q", id, again)
		}
	},
	"a writer may acquire again and goes on": func(s *suite) {
		log := s.acquired()
		s.commit(log, nil, events(ada, 1, 2, 1))
		s.same("head", must(log.Acquire(s.ctx)), int64(2))
		s.commit(log, nil, events(ada, 3, 2, 3))
		s.same("log", len(s.readEverything(log)), 4)
	},
	"the relay's checkpoint and the last audit are stored": func(s *suite) {
		log := s.acquired()
		for _, position := range []int64{7, 8} {
			s.want("save the checkpoint", nil, log.SaveCheckpoint(s.ctx, position))
			s.same("checkpoint", must(s.open().Checkpoint(s.ctx)), position)
			audit := contract.Audit{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Position: position,
				Records: position, Accounts: 3, OK: true}
			s.want("save the audit", nil, log.SaveAudit(s.ctx, audit))
			s.same("audit", must(s.open().LastAudit(s.ctx)), &audit)
		}
	},
}
