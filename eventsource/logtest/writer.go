package logtest

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// start runs a writer over the log until the test ends and waits until it is ready. The channel yields what its Run
// returned.
func (s *suite) start(log storage.Log) (*eventsource.Writer, <-chan error) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	w := eventsource.NewWriter(log, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() { ended <- w.Run(ctx) })
	s.Cleanup(func() { cancel(); running.Wait() })
	select {
	case <-w.Moved():
	case <-ctx.Done():
		s.Fatal("the writer did not take the log over")
	}
	return w, ended
}

// appending asks for n events on a stream at an expected version.
func appending(id bank.AccountID, expected int64, n int) contract.Append {
	return contract.Append{Account: id, ExpectedVersion: expected, Records: events(id, expected+1, n, 0)}
}

func (s *suite) append(w *eventsource.Writer, id bank.AccountID, expected int64, n int) contract.AppendResult {
	return w.Append(s.ctx, []contract.Append{appending(id, expected, n)})[0]
}

func appended(first, version int64) contract.AppendResult {
	return contract.AppendResult{Status: contract.Appended, FirstPosition: first, Version: version}
}

var writerCases = cases{
	"an append happens at the version it expects": func(s *suite) {
		w, _ := s.start(s.open())
		s.same("first", s.append(w, ada, 0, 2), appended(1, 2))
		late := s.append(w, ada, 1, 1)
		s.same("too late", late.Status, contract.VersionConflict)
		s.same("version in the conflict", late.Version, int64(2))
		s.same("too early", s.append(w, ada, 3, 1).Status, contract.VersionConflict)
		s.same("second", s.append(w, ada, 2, 1), appended(3, 3))
		s.same("head", w.Head(), int64(3))
	},
	// There are more streams than a commit checks at a time, and some appends are at versions that their streams no
	// longer have or do not have yet.
	"a writer that has just taken over decides as the one before": func(s *suite) {
		const streams = 1200
		first, _ := s.start(s.open())
		appends := make([]contract.Append, streams)
		for i := range appends {
			appends[i] = appending(account(i), 0, 2)
		}
		for _, r := range first.Append(s.ctx, appends) {
			s.same("opened", r.Status, contract.Appended)
		}
		log := s.open()
		w, _ := s.start(log)
		for i := range appends {
			expected := int64(2)
			switch i % 100 {
			case 97: // too late
				expected = 0
			case 98:
				expected = 1
			case 99: // too early
				expected = 3
			}
			appends[i] = appending(account(i), expected, 1)
		}
		results := w.Append(s.ctx, append(appends, appending(account(0), 3, 1)))
		accepted := 0
		for i, r := range results[:streams] {
			want := [2]any{contract.VersionConflict, int64(2)}
			if i%100 < 97 {
				accepted++
				want = [2]any{contract.Appended, int64(3)}
			}
			s.same(fmt.Sprintf("append %d", i), [2]any{r.Status, r.Version}, want)
		}
		s.same("one more on the first stream", results[streams].Status, contract.Appended)
		s.same("head", w.Head(), int64(2*streams+accepted+1))
		s.same("a stream after an append that was too early", must(log.StreamVersion(s.ctx, account(99))), int64(2))
	},
	"an append is whole or not at all": func(s *suite) {
		log := s.open()
		w, _ := s.start(log)
		results := w.Append(s.ctx, []contract.Append{appending(ada, 0, 3), appending(bob, 5, 3), appending(ada, 3, 1)})
		s.same("accepted", results[0].Status, contract.Appended)
		s.same("refused", results[1].Status, contract.VersionConflict)
		s.same("accepted after the first", results[2].Status, contract.Appended)
		all := s.readEverything(log)
		s.same("records", len(all), 4)
		for i, r := range all {
			s.same("account, position, version", []any{r.Account, r.Position, r.Version}, []any{ada, int64(i + 1), int64(i + 1)})
		}
	},
	"concurrent appends leave no gap": func(s *suite) {
		const streams, writers, each = 7, 20, 10
		log := s.open()
		w, _ := s.start(log)
		var group sync.WaitGroup
		for n := range writers {
			group.Go(func() {
				var expected int64
				for done, tries := 0, 0; done < each && tries < writers*each; tries++ {
					result := s.append(w, account(n%streams), expected, 1)
					if result.Status == contract.Appended {
						done++
					}
					expected = result.Version
				}
			})
		}
		group.Wait()
		all := s.readEverything(log)
		s.same("records", len(all), writers*each)
		versions := map[bank.AccountID]int64{}
		for i, r := range all {
			versions[r.Account]++
			s.same("position and version", []int64{r.Position, r.Version}, []int64{int64(i + 1), versions[r.Account]})
		}
	},
	"a fenced writer stops and writes nothing more": func(s *suite) {
		older, ended := s.start(s.open())
		s.same("before", s.append(older, ada, 0, 1).Status, contract.Appended)
		newer, _ := s.start(s.open())
		if s.append(older, ada, 1, 1).Status == contract.Appended {
			s.Fatal("the older writer still writes")
		}
		s.want("the older writer's end", storage.ErrFenced, <-ended)
		s.same("older is ready", older.Ready().Ready, false)
		s.same("newer", s.append(newer, ada, 1, 1), appended(2, 2))
	},
	"malformed appends are refused": func(s *suite) {
		w, _ := s.start(s.open())
		change := func(how func(*contract.Record)) contract.Append {
			r := event(ada, 1)
			how(&r)
			return contract.Append{Account: ada, Records: []contract.Record{r}}
		}
		twice := appending(ada, 0, 2)
		twice.Records[1].Key = twice.Records[0].Key
		for name, a := range map[string]contract.Append{
			"the same key twice":     twice,
			"no key":                 change(func(r *contract.Record) { r.Key = "" }),
			"a key that is too long": change(func(r *contract.Record) { r.Key = strings.Repeat("k", 2000) }),
			"a huge caller":          change(func(r *contract.Record) { r.Caller = string(jsonOf(contract.MaxRecordBytes)) }),
			"data that is not JSON":  change(func(r *contract.Record) { r.Data = []byte("{") }),
			"no data":                change(func(r *contract.Record) { r.Data = nil }),
			"too large":              change(func(r *contract.Record) { r.Data = jsonOf(contract.MaxRecordBytes + 2) }),
			"a version below all":    appending(ada, -2, 1),
			"a version above all":    appending(ada, 1e12, 1),
			"no records":             {Account: ada},
			"not an account":         appending("nobody", 0, 1),
			"a version gap":          {Account: ada, Records: []contract.Record{event(ada, 1), event(ada, 3)}},
			"another account":        {Account: ada, Records: events(bob, 1, 1, 0)},
			"too many":               appending(ada, 0, contract.MaxAppendEvents+1),
		} {
			result := w.Append(s.ctx, []contract.Append{a})[0]
			if result.Status != contract.AppendInvalid || result.Reason == "" {
				s.Errorf("%s: %+v, want invalid with a reason", name, result)
			}
		}
		s.same("head", w.Head(), int64(0))
	},
	// A key that two appends of one batch carry would fail the whole batch.
	"a repeated key fails no other append": func(s *suite) {
		w, _ := s.start(s.open())
		second := appending(ada, 1, 1)
		second.Records[0].Key = event(ada, 1).Key
		results := w.Append(s.ctx, []contract.Append{appending(ada, 0, 1), second, appending(bob, 0, 1)})
		s.same("first", results[0].Status, contract.Appended)
		s.same("other", results[2].Status, contract.Appended)
		if results[1].Status == contract.AppendUnknown {
			s.Errorf("the second use of a key is %+v", results[1])
		}
	},
	// They come in full batches.
	"the largest records are stored and read": func(s *suite) {
		log := s.open()
		w, _ := s.start(log)
		const n = contract.MaxAppendEvents - 6
		appends := []contract.Append{appending(ada, 0, n), appending(bob, 0, n)}
		for _, a := range appends {
			for i := range a.Records {
				r := &a.Records[i]
				r.Data = jsonOf(contract.MaxRecordBytes - len(r.Type) - len(r.Key) - len(r.Caller) - len(r.RequestHash))
			}
		}
		for i, result := range w.Append(s.ctx, appends) {
			s.same("largest", result.Status, contract.Appended)
			records := must(log.ReadStream(s.ctx, appends[i].Account, 0, contract.MaxReadRecords))
			s.same("records of the stream", len(records), len(appends[i].Records))
		}
		s.same("records of the log", len(must(log.ReadAll(s.ctx, 0, contract.MaxReadRecords))), 2*len(appends[0].Records))
	},
}

// jsonOf is a JSON string of n bytes.
func jsonOf(n int) []byte { return []byte(`"` + strings.Repeat("x", n-2) + `"`) }
