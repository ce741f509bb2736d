package logtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// start runs a writer over s until the test ends and waits until it is ready.
// The channel yields what its Run returned.
func start(t *testing.T, s storage.Log) (*eventsource.Writer, <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(within(t))
	w := eventsource.NewWriter(s, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() { ended <- w.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	select {
	case <-w.Moved():
	case <-ctx.Done():
		t.Fatal("the writer did not take the log over")
	}
	return w, ended
}

// appendTo asks for n events on a stream at an expected version.
func appendTo(t *testing.T, w *eventsource.Writer, id bank.AccountID, expected int64, n int) contract.AppendResult {
	t.Helper()
	return w.Append(within(t), []contract.Append{{Account: id, ExpectedVersion: expected, Records: events(id, expected+1, n, 0)}})[0]
}

func expectedVersion(t *testing.T, open func() storage.Log) {
	w, _ := start(t, open())
	same(t, "first", appendTo(t, w, account(1), 0, 2), contract.AppendResult{Status: contract.Appended, FirstPosition: 1, Version: 2})
	late := appendTo(t, w, account(1), 1, 1)
	same(t, "too late", late.Status, contract.VersionConflict)
	same(t, "version told", late.Version, int64(2))
	same(t, "too early", appendTo(t, w, account(1), 3, 1).Status, contract.VersionConflict)
	same(t, "second", appendTo(t, w, account(1), 2, 1), contract.AppendResult{Status: contract.Appended, FirstPosition: 3, Version: 3})
	same(t, "head", w.Head(), int64(3))
}

// strangeStreams appends to more streams at a time than a commit checks, some of
// them at versions that they have no more or not yet.
func strangeStreams(t *testing.T, open func() storage.Log) {
	const streams = 1200
	first, _ := start(t, open())
	appends := make([]contract.Append, streams)
	for i := range appends {
		appends[i] = contract.Append{Account: account(i), Records: events(account(i), 1, 2, 0)}
	}
	for _, r := range first.Append(within(t), appends) {
		same(t, "opened", r.Status, contract.Appended)
	}
	s := open()
	w, _ := start(t, s)
	for i := range appends {
		expected := int64(2)
		switch i % 100 {
		case 97: // has been there
			expected = 0
		case 98:
			expected = 1
		case 99: // is not there
			expected = 3
		}
		appends[i] = contract.Append{Account: account(i), ExpectedVersion: expected, Records: events(account(i), expected+1, 1, 0)}
	}
	more := contract.Append{Account: account(0), ExpectedVersion: 3, Records: events(account(0), 4, 1, 0)}
	results := w.Append(within(t), append(appends, more))
	appended := 0
	for i, r := range results[:streams] {
		if i%100 < 97 {
			appended++
			same(t, fmt.Sprintf("append %d", i), [2]any{r.Status, r.Version}, [2]any{contract.Appended, int64(3)})
		} else {
			same(t, fmt.Sprintf("append %d", i), [2]any{r.Status, r.Version}, [2]any{contract.VersionConflict, int64(2)})
		}
	}
	same(t, "one more on the first stream", results[streams].Status, contract.Appended)
	same(t, "head", w.Head(), int64(2*streams+appended+1))
	same(t, "a stream that was asked too early", must[int64](t)(s.StreamVersion(within(t), account(99))), int64(2))
}

func wholeAppend(t *testing.T, open func() storage.Log) {
	s := open()
	w, _ := start(t, s)
	one, two := account(1), account(2)
	results := w.Append(within(t), []contract.Append{
		{Account: one, ExpectedVersion: 0, Records: events(one, 1, 3, 0)},
		{Account: two, ExpectedVersion: 5, Records: events(two, 6, 3, 0)},
		{Account: one, ExpectedVersion: 3, Records: events(one, 4, 1, 0)},
	})
	same(t, "stands", results[0].Status, contract.Appended)
	same(t, "falls", results[1].Status, contract.VersionConflict)
	same(t, "stands on the first", results[2].Status, contract.Appended)
	all := readEverything(t, s)
	same(t, "records", len(all), 4)
	for i, r := range all {
		same(t, "account", r.Account, one)
		same(t, "position", r.Position, int64(i+1))
		same(t, "version", r.Version, int64(i+1))
	}
}

func concurrentAppends(t *testing.T, open func() storage.Log) {
	const streams, writers, each = 7, 20, 10
	s := open()
	w, _ := start(t, s)
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() {
			id := account(n % streams)
			var expected int64
			for done, tries := 0, 0; done < each && tries < writers*each; tries++ {
				result := appendTo(t, w, id, expected, 1)
				if result.Status == contract.Appended {
					done++
				}
				expected = result.Version
			}
		})
	}
	group.Wait()
	all := readEverything(t, s)
	same(t, "records", len(all), writers*each)
	versions := map[bank.AccountID]int64{}
	for i, r := range all {
		same(t, "position", r.Position, int64(i+1))
		versions[r.Account]++
		same(t, "version", r.Version, versions[r.Account])
	}
}

func fencedWriter(t *testing.T, open func() storage.Log) {
	s := open()
	older, ended := start(t, s)
	same(t, "before", appendTo(t, older, account(1), 0, 1).Status, contract.Appended)
	newer, _ := start(t, open())
	if got := appendTo(t, older, account(1), 1, 1).Status; got == contract.Appended {
		t.Fatal("the older writer still writes")
	}
	if err := <-ended; !errors.Is(err, storage.ErrFenced) {
		t.Fatalf("the older writer ended with %v, want ErrFenced", err)
	}
	same(t, "older is ready", older.Ready().Ready, false)
	same(t, "newer", appendTo(t, newer, account(1), 1, 1), contract.AppendResult{Status: contract.Appended, FirstPosition: 2, Version: 2})
}

func malformedAppends(t *testing.T, open func() storage.Log) {
	w, _ := start(t, open())
	id := account(1)
	huge := event(id, 1)
	huge.Data = []byte(`"` + strings.Repeat("x", contract.MaxRecordBytes) + `"`)
	change := func(how func(*contract.Record)) contract.Append {
		r := event(id, 1)
		how(&r)
		return contract.Append{Account: id, Records: []contract.Record{r}}
	}
	twice := events(id, 1, 2, 0)
	twice[1].Key = twice[0].Key
	for name, a := range map[string]contract.Append{
		"the same key twice":      {Account: id, Records: twice},
		"no key":                  change(func(r *contract.Record) { r.Key = "" }),
		"a key that is too long":  change(func(r *contract.Record) { r.Key = strings.Repeat("k", 2000) }),
		"a caller that is a book": change(func(r *contract.Record) { r.Caller = strings.Repeat("c", contract.MaxRecordBytes) }),
		"data that is no JSON":    change(func(r *contract.Record) { r.Data = []byte("{") }),
		"no data":                 change(func(r *contract.Record) { r.Data = nil }),
		"a version below all":     {Account: id, ExpectedVersion: -2, Records: events(id, -1, 1, 0)},
		"a version above all":     {Account: id, ExpectedVersion: 1e12, Records: events(id, 1e12+1, 1, 0)},
		"no records":              {Account: id},
		"not an account":          {Account: "nobody", Records: events("nobody", 1, 1, 0)},
		"a version gap":           {Account: id, Records: []contract.Record{event(id, 1), event(id, 3)}},
		"another account":         {Account: id, Records: events(account(2), 1, 1, 0)},
		"too many":                {Account: id, Records: events(id, 1, contract.MaxAppendEvents+1, 0)},
		"too large":               {Account: id, Records: []contract.Record{huge}},
	} {
		result := w.Append(within(t), []contract.Append{a})[0]
		if result.Status != contract.AppendInvalid || result.Reason == "" {
			t.Errorf("%s: %+v, want invalid with a reason", name, result)
		}
	}
	same(t, "head", w.Head(), int64(0))
}

// A key that two appends of one batch carry would fail the batch of all.
func oneKeyTwice(t *testing.T, open func() storage.Log) {
	w, _ := start(t, open())
	id := account(1)
	second := events(id, 2, 1, 0)
	second[0].Key = event(id, 1).Key
	results := w.Append(within(t), []contract.Append{
		{Account: id, Records: events(id, 1, 1, 0)},
		{Account: id, ExpectedVersion: 1, Records: second},
		{Account: account(2), Records: events(account(2), 1, 1, 0)},
	})
	same(t, "first", results[0].Status, contract.Appended)
	same(t, "other", results[2].Status, contract.Appended)
	if results[1].Status == contract.AppendUnknown {
		t.Errorf("the second use of a key is %+v", results[1])
	}
}

// The largest records that are taken are stored and read in full batches.
func largestRecords(t *testing.T, open func() storage.Log) {
	s := open()
	w, _ := start(t, s)
	var appends []contract.Append
	for n := range 2 {
		a := contract.Append{Account: account(n + 1), Records: events(account(n+1), 1, contract.MaxAppendEvents-6, 0)}
		for i := range a.Records {
			r := &a.Records[i]
			r.Data = []byte(`"` + strings.Repeat("x", contract.MaxRecordBytes-len(r.Type)-len(r.Key)-len(r.Caller)-len(r.RequestHash)-2) + `"`)
		}
		appends = append(appends, a)
	}
	for i, result := range w.Append(within(t), appends) {
		same(t, "largest", result.Status, contract.Appended)
		records, err := s.ReadStream(within(t), appends[i].Account, 0, contract.MaxReadRecords)
		if err != nil || len(records) != len(appends[i].Records) {
			t.Errorf("the stream has %d records (%v), want %d", len(records), err, len(appends[i].Records))
		}
	}
	all, err := s.ReadAll(within(t), 0, contract.MaxReadRecords)
	if err != nil || len(all) != 2*len(appends[0].Records) {
		t.Errorf("the log has %d records (%v)", len(all), err)
	}
}
