package eventsource_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"corebank/eventsource"
	"corebank/eventsource/logtest"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// naive is a log as simple as can be: what has been appended, one append after the other.
type naive struct {
	heads   storage.Heads
	records []contract.Record
}

// append says whether all streams are where the append expects them, and which are not.
func (n *naive) append(a contract.Append) (result contract.AppendResult) {
	for stream := range a.Streams {
		if n.heads[stream.Account] != stream.ExpectedVersion {
			result.Moved = append(result.Moved, stream.Account)
		}
	}
	if result.Moved != nil {
		result.Status = contract.VersionConflict
		return result
	}
	result = contract.AppendResult{Status: contract.Appended, Version: a.ExpectedVersion + int64(len(a.Records))}
	var records []contract.Record
	for stream := range a.Streams {
		records = append(records, stream.Records...)
		n.heads[stream.Account] += int64(len(stream.Records))
	}
	slices.SortStableFunc(records, func(a, b contract.Record) int { return b.More - a.More })
	n.records = append(n.records, records...)
	return result
}

// few are accounts that appends often share.
var few = func() (ids []bank.AccountID) {
	for i := range 6 {
		ids = append(ids, bank.NewAccountID("few", fmt.Sprint(i)))
	}
	return ids
}()

// drawAppend draws an append to one or several streams, mostly at the versions that these have.
func drawAppend(t *rapid.T, heads storage.Heads, key int) contract.Append {
	var appends []contract.Append
	for _, id := range rapid.Permutation(few).Draw(t, "accounts")[:rapid.IntRange(1, 4).Draw(t, "streams")] {
		a := contract.Append{Account: id, ExpectedVersion: heads[id]}
		if rapid.IntRange(0, 4).Draw(t, "astray") == 0 {
			a.ExpectedVersion = max(0, a.ExpectedVersion+int64(rapid.IntRange(-1, 1).Draw(t, "by")))
		}
		for i := range rapid.IntRange(1, 3).Draw(t, "records") {
			a.Records = append(a.Records, contract.Record{Account: id, Version: a.ExpectedVersion + int64(i) + 1,
				Key: fmt.Sprintf("key %d of %d", i, key), Type: "any", Data: []byte("{}")})
		}
		appends = append(appends, a)
	}
	a := logtest.Together(appends...)
	if len(appends) == 1 {
		return a
	}
	var turns []int // in which order the streams have their records
	for i, one := range appends {
		turns = append(turns, slices.Repeat([]int{i}, len(one.Records))...)
	}
	next := make([]int, len(appends))
	for n, i := range rapid.Permutation(turns).Draw(t, "order") {
		of := &a
		if i > 0 {
			of = &a.With[i-1]
		}
		of.Records[next[i]].More = len(turns) - 1 - n
		next[i]++
	}
	return a
}

// TestAppendsToSeveralStreamsAreAsInANaiveLog compares the writer with a naive log: requests of several appends, which
// share streams, in one commit or several, and takeovers, after which it knows no heads.
func TestAppendsToSeveralStreamsAreAsInANaiveLog(t *testing.T) {
	rapid.Check(t, func(chance *rapid.T) {
		var wrong any
		synctest.Test(t, func(*testing.T) {
			defer func() { wrong = recover() }() // it must not end the bubble
			compareWithNaive(chance)
		})
		if found, is := wrong.(difference); is {
			chance.Fatal(string(found))
		} else if wrong != nil {
			panic(wrong) // by which rapid takes over
		}
	})
}

// difference is a panic of the test.
type difference string

func compareWithNaive(chance *rapid.T) {
	log, model := storage.NewMemoryLog(), naive{heads: make(storage.Heads)}
	w := startGated(log)
	defer func() { w.stop() }()
	keys := 0
	for range rapid.IntRange(1, 12).Draw(chance, "steps") {
		if rapid.IntRange(0, 3).Draw(chance, "takeover") == 0 {
			w.stop()
			w = startGated(log)
		}
		heads := maps.Clone(model.heads)
		var appends []contract.Append
		for range rapid.IntRange(1, 6).Draw(chance, "appends") {
			keys++
			a := drawAppend(chance, heads, keys)
			appends = append(appends, a)
			if rapid.Bool().Draw(chance, "the next comes after it") {
				for stream := range a.Streams {
					heads[stream.Account] = stream.ExpectedVersion + int64(len(stream.Records))
				}
			}
		}
		for i, got := range w.append(appends, rapid.Bool().Draw(chance, "together")) {
			compareAnswer(appends[i], got, model.append(appends[i]))
		}
	}
	stored, err := log.Open().ReadAll(context.Background(), 0, 10_000)
	stored = slices.DeleteFunc(stored, func(r contract.Record) bool { return r.Account == plugged })
	if err != nil || !slices.EqualFunc(stored, model.records, sameRecord) {
		panic(difference(fmt.Sprintf("the log has\n%v\nwant\n%v", stored, model.records)))
	}
}

// compareAnswer lets the writer know of fewer streams that have moved, but of none that has not.
func compareAnswer(a contract.Append, got, want contract.AppendResult) {
	severally := len(a.With) > 0 && got.Status == contract.VersionConflict
	switch {
	case got.Status != want.Status,
		want.Status == contract.Appended && got.Version != want.Version,
		severally != (len(got.Moved) > 0):
		panic(difference(fmt.Sprintf("%+v\ngot %+v\nwant %+v", a, got, want)))
	}
	for _, id := range got.Moved {
		if !slices.Contains(want.Moved, id) {
			panic(difference(fmt.Sprintf("%s has not moved: %+v", id, got)))
		}
	}
}

func sameRecord(a, b contract.Record) bool { return a.More == b.More && a.Mark() == b.Mark() }

// gated is a writer whose commits a test can hold up. It must run in a bubble.
type gated struct {
	storage.Log
	*eventsource.Writer
	gate chan struct{} // nil if nothing holds commits up
	stop func()
}

func startGated(log *storage.MemoryLog) *gated {
	g := &gated{Log: log.Open()}
	g.Writer = eventsource.NewWriter(g, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = g.Run(ctx) })
	g.stop = func() { cancel(); running.Wait() }
	synctest.Wait()
	return g
}

func (g *gated) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	if g.gate != nil {
		<-g.gate
	}
	return g.Log.Commit(ctx, records, assumed)
}

// append appends in as few commits as there can be, or as it happens.
func (g *gated) append(appends []contract.Append, together bool) (results []contract.AppendResult) {
	if !together {
		return g.Writer.Append(context.Background(), appends)
	}
	g.gate = make(chan struct{})
	var appending sync.WaitGroup
	appending.Go(func() { g.Writer.Append(context.Background(), []contract.Append{g.plug()}) })
	synctest.Wait()
	appending.Go(func() { results = g.Writer.Append(context.Background(), appends) })
	synctest.Wait()
	close(g.gate)
	appending.Wait()
	return results
}

// plug is the next append of the account that only holds up others.
func (g *gated) plug() contract.Append {
	version, err := g.StreamVersion(context.Background(), plugged)
	if err != nil {
		panic(err)
	}
	return contract.Append{Account: plugged, ExpectedVersion: version, Records: []contract.Record{
		{Account: plugged, Version: version + 1, Key: fmt.Sprint(version), Type: "any", Data: []byte("{}")}}}
}

var plugged = bank.NewAccountID("plug", "")
