package logtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Together is one append of several, each to another stream.
func Together(appends ...contract.Append) contract.Append {
	all := appends[0]
	if all.With = appends[1:]; len(all.With) == 0 {
		return all
	}
	more := 0
	for stream := range all.Streams {
		more += len(stream.Records)
	}
	for stream := range all.Streams {
		stream.Records = slices.Clone(stream.Records)
		for i := range stream.Records {
			more--
			stream.Records[i].More = more
		}
	}
	return all
}

// together appends to several streams.
func (s *suite) together(w *eventsource.Writer, appends ...contract.Append) contract.AppendResult {
	return w.Append(s.ctx, []contract.Append{Together(appends...)})[0]
}

// wholeLog reads a log in which each append to several streams must be in one piece.
func (s *suite) wholeLog(log storage.Log) []contract.Record {
	s.Helper()
	all := s.readEverything(log)
	for i, r := range all {
		s.same("position", r.Position, int64(i+1))
		if r.More > 0 && (i+1 == len(all) || all[i+1].More != r.More-1) {
			s.Fatalf("position %d says that %d more of its append follow, which is not so", r.Position, r.More)
		}
	}
	return all
}

func conflict(version int64, moved ...bank.AccountID) contract.AppendResult {
	return contract.AppendResult{Status: contract.VersionConflict, Version: version, Moved: moved}
}

// unexplained is an answer without its reason, which it must have.
func (s *suite) unexplained(r contract.AppendResult) contract.AppendResult {
	s.Helper()
	if (r.Reason == "") != (r.Status == contract.Appended) {
		s.Errorf("%+v: want a reason for all but an append that happened", r)
	}
	r.Reason = ""
	return r
}

var togetherCases = cases{
	"an append to several streams is in one piece or not at all": func(s *suite) {
		log := s.open()
		w, _ := s.start(log)
		eve := account(3)
		s.same("opening three", s.together(w, appending(ada, 0, 2), appending(bob, 0, 1), appending(eve, 0, 3)),
			appended(1, 2))
		s.same("one has moved", s.unexplained(s.together(w, appending(ada, 2, 1), appending(bob, 0, 1))), conflict(2, bob))
		s.same("the first has moved", s.unexplained(s.together(w, appending(bob, 3, 1), appending(ada, 2, 1))),
			conflict(1, bob))
		s.same("two have moved",
			s.unexplained(s.together(w, appending(ada, 1, 1), appending(bob, 1, 1), appending(eve, 2, 1))),
			conflict(2, ada, eve))
		s.same("again", s.together(w, appending(eve, 3, 1), appending(bob, 1, 1)), appended(7, 4))
		var got []string
		for _, r := range s.wholeLog(log) {
			got = append(got, fmt.Sprint(r.Account[len(r.Account)-4:], r.Version, r.More))
		}
		end := func(id bank.AccountID) string { return string(id[len(id)-4:]) }
		a, b, e := end(ada), end(bob), end(eve)
		s.same("the log", got,
			[]string{a + "1 5", a + "2 4", b + "1 3", e + "1 2", e + "2 1", e + "3 0", e + "4 1", b + "2 0"})
		s.same("Bob's stream", len(must(log.ReadStream(s.ctx, bob, 0, 10))), 2)
	},
	"the records of several streams may alternate": func(s *suite) {
		log := s.open()
		w, _ := s.start(log)
		a := Together(appending(ada, 0, 2), appending(bob, 0, 2))
		a.Records[0].More, a.With[0].Records[0].More, a.Records[1].More, a.With[0].Records[1].More = 2, 3, 1, 0
		s.same("appended", w.Append(s.ctx, []contract.Append{a})[0], appended(1, 2))
		var order []bank.AccountID
		for _, r := range s.wholeLog(log) {
			order = append(order, r.Account)
		}
		s.same("order", order, []bank.AccountID{bob, ada, ada, bob})
	},
	"appends of one request see each other": func(s *suite) {
		log := s.open()
		w, _ := s.start(log)
		twice := Together(appending(ada, 0, 1), appending(bob, 0, 1))
		results := w.Append(s.ctx, []contract.Append{twice, twice, appending(ada, 1, 1),
			Together(appending(bob, 1, 1), appending(ada, 2, 1)), appending(bob, 1, 1)})
		s.same("first", results[0], appended(1, 1))
		s.same("the same again", s.unexplained(results[1]), conflict(1, ada, bob))
		s.same("alone, after it", results[2], appended(3, 2))
		s.same("both, after that", results[3], appended(4, 2))
		s.same("alone, too late", results[4].Status, contract.VersionConflict)
		s.same("records", len(s.wholeLog(log)), 5)
	},
	// Its commits assume the heads that it does not know yet: a wrong assumption must refuse all that depends on it, and
	// nothing else.
	"a writer that has just taken over decides alike for several streams": func(s *suite) {
		const pairs = 200
		first, _ := s.start(s.open())
		var opening []contract.Append
		for i := range 2 * pairs {
			opening = append(opening, appending(account(i), 0, 1))
		}
		for _, r := range first.Append(s.ctx, opening) {
			s.same("opened", r.Status, contract.Appended)
		}
		log := s.open()
		w, _ := s.start(log)
		s.same("one is known", s.append(w, account(0), 1, 1).Status, contract.Appended)
		appends, want := []contract.Append{
			Together(appending(account(0), 2, 1), appending(account(1), 0, 1)), // the other has moved
			appending(account(0), 2, 1),
			appending(account(0), 2, 1),
		}, []contract.AppendStatus{contract.VersionConflict, contract.Appended, contract.VersionConflict}
		for i := 2; i < 2*pairs; i += 2 {
			wrong := i%20 == 0
			expected, status := int64(1), contract.Appended
			if wrong {
				expected, status = 0, contract.VersionConflict
			}
			appends = append(appends, Together(appending(account(i), 1, 1), appending(account(i+1), expected, 1)))
			want = append(want, status)
		}
		for i, r := range w.Append(s.ctx, appends) {
			s.same(fmt.Sprintf("append %d (%s)", i, r.Reason), r.Status, want[i])
		}
		s.wholeLog(log)
		s.same("a stream whose append was refused with another", must(log.StreamVersion(s.ctx, account(20))), int64(1))
	},
	"races over shared streams leave nothing in part": func(s *suite) {
		const streams, writers, each = 5, 12, 10
		log := s.open()
		w, _ := s.start(log)
		var group sync.WaitGroup
		for n := range writers {
			group.Go(func() {
				ids := []bank.AccountID{account(n % streams), account((n + 1) % streams)}
				versions := map[bank.AccountID]int64{}
				for done, tries := 0, 0; done < each && tries < 100*writers*each; tries++ {
					result := s.together(w, appending(ids[0], versions[ids[0]], 1), appending(ids[1], versions[ids[1]], 1))
					if result.Status == contract.Appended {
						done++
						versions[ids[0]]++
						versions[ids[1]]++
						continue
					}
					if len(result.Moved) == 0 {
						s.Errorf("a conflict over nothing: %+v", result)
					}
					for _, id := range result.Moved {
						versions[id] = must(log.StreamVersion(s.ctx, id))
					}
				}
			})
		}
		group.Wait()
		s.same("records", len(s.wholeLog(log)), 2*writers*each)
	},
	"keys are looked for in all streams of an append": func(s *suite) {
		w, _ := s.start(s.open())
		s.same("opened", s.together(w, appending(ada, 0, 2), appending(bob, 0, 1)), appended(1, 2))
		repeating := func(changed ...bool) contract.Append { // the key of version 1 in the appends of Ada and Bob
			a := Together(appending(ada, 2, 1), appending(bob, 1, 1))
			i := 0
			for stream := range a.Streams {
				if changed[i] {
					stream.Records[0].Key = event(ada, 1).Key
				}
				i++
			}
			a.CheckKeys = true
			return a
		}
		used := func(moved ...bank.AccountID) contract.AppendResult {
			return contract.AppendResult{Status: contract.KeysUsed, Moved: moved}
		}
		results := w.Append(s.ctx, []contract.Append{repeating(false, true), repeating(true, true), repeating(true, false)})
		for i, want := range []contract.AppendResult{used(bob), used(ada, bob), used(ada)} {
			s.same(fmt.Sprint("repeated ", i), s.unexplained(results[i]), want)
		}
		s.same("new keys", w.Append(s.ctx, []contract.Append{repeating(false, false)})[0].Status, contract.Appended)
	},
	"malformed appends to several streams are refused": func(s *suite) {
		w, _ := s.start(s.open())
		var many, long []contract.Append
		for i := range contract.MaxAppendTogether + 1 {
			many = append(many, appending(account(i), 0, 1))
		}
		for i := range contract.MaxTogetherBytes / contract.MaxRecordBytes {
			long = append(long, appending(account(i), 0, 1))
			long[i].Records[0].Data = jsonOf(contract.MaxRecordBytes - 300)
		}
		change := func(how func(*contract.Append)) contract.Append {
			a := Together(appending(ada, 0, 1), appending(bob, 0, 2))
			how(&a)
			return a
		}
		for name, a := range map[string]contract.Append{
			"a stream twice":   Together(appending(ada, 0, 1), appending(bob, 0, 1), appending(ada, 1, 1)),
			"too many records": Together(many...),
			"too long":         Together(long...),
			"parts of a part": change(func(a *contract.Append) {
				a.With[0].With = []contract.Append{appending(account(3), 0, 1)}
			}),
			"a part without records": change(func(a *contract.Append) { a.With[0].Records = nil }),
			"a part of nobody":       change(func(a *contract.Append) { a.With[0].Account = "nobody" }),
			"too few said to follow": change(func(a *contract.Append) { a.Records[0].More = 1 }),
			"none said to follow":    change(func(a *contract.Append) { a.Records[0].More, a.With[0].Records[0].More = 0, 0 }),
			"more than follow":       change(func(a *contract.Append) { a.With[0].Records[1].More = 1 }),
			"one that ends too soon": change(func(a *contract.Append) { a.With[0].Records[0].More = 0 }),
			"more than there are":    change(func(a *contract.Append) { a.Records[0].More = 3 }),
			"less than nothing":      change(func(a *contract.Append) { a.Records[0].More = -1 }),
			"the later one first": change(func(a *contract.Append) {
				a.Records[0].More, a.With[0].Records[0].More, a.With[0].Records[1].More = 0, 1, 2
			}),
			"a key twice in a part":  change(func(a *contract.Append) { a.With[0].Records[1].Key = a.With[0].Records[0].Key }),
			"alone, and more follow": {Account: ada, Records: Together(appending(ada, 0, 1), appending(bob, 0, 1)).Records},
		} {
			result := w.Append(s.ctx, []contract.Append{a})[0]
			if result.Status != contract.AppendInvalid || result.Reason == "" || strings.Contains(result.Reason, "%!") {
				s.Errorf("%s: %+v, want invalid with a reason", name, result)
			}
		}
		s.same("head", w.Head(), int64(0))
		s.same("one key in all parts", s.together(w, appending(ada, 0, 1), appending(bob, 0, 1)).Status, contract.Appended)
	},
	// The writer knows none of the heads when it appends to them again.
	"the largest append to several streams is stored and read": func(s *suite) {
		w, _ := s.start(s.open())
		var opening, longest []contract.Append
		for i := range contract.MaxAppendTogether {
			opening = append(opening, appending(account(i), 0, 1))
			longest = append(longest, appending(account(i), 1, 1))
			longest[i].Records[0].Data = jsonOf(contract.MaxTogetherBytes/contract.MaxAppendTogether - 400)
		}
		s.same("opened", s.together(w, opening...), appended(1, 1))
		log := s.open()
		w, _ = s.start(log)
		s.same("again", s.together(w, longest...), appended(contract.MaxAppendTogether+1, 2))
		all := must(log.ReadAll(s.ctx, 0, contract.MaxReadRecords))
		s.same("records", len(all), 2*contract.MaxAppendTogether)
		s.same("the last is the last of its append", []int{all[len(all)-2].More, all[len(all)-1].More}, []int{1, 0})
	},
	"a fenced writer appends to none of several streams": func(s *suite) {
		older, ended := s.start(s.open())
		s.same("before", s.together(older, appending(ada, 0, 1), appending(bob, 0, 1)), appended(1, 1))
		newer, _ := s.start(s.open())
		if s.together(older, appending(ada, 1, 1), appending(bob, 1, 1)).Status == contract.Appended {
			s.Fatal("the older writer still writes")
		}
		s.want("the older writer's end", storage.ErrFenced, <-ended)
		s.same("newer", s.together(newer, appending(bob, 1, 1), appending(ada, 1, 1)), appended(3, 2))
	},
}
