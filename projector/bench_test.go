package projector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view/memory"
	"corebank/internal/view/sqlite"
	"corebank/projector"
)

// benchLog is a log of deposits to 10,000 accounts in random order. As with the
// event source, every read is decoded from JSON.
type benchLog struct {
	logclient.Log          // only ReadAll is called
	records       [][]byte // each MaxReadRecords records, as a JSON array
	head          int64
}

func newBenchLog(b *testing.B, events int) *benchLog {
	b.Helper()
	const accounts = 10_000
	log := newLedger()
	log.open(b, accounts)
	random := rand.New(rand.NewPCG(1, 2))
	for len(log.records) < events {
		salary := bank.Deposit{Amount: euro(100), Details: bank.Details{Reference: "salary"}}
		log.do(b, customer(random.IntN(accounts)), salary)
	}
	encoded := &benchLog{head: log.head()}
	for from := 0; from < len(log.records); from += contract.MaxReadRecords {
		chunk, err := json.Marshal(log.records[from:min(from+contract.MaxReadRecords, len(log.records))])
		if err != nil {
			b.Fatal(err)
		}
		encoded.records = append(encoded.records, chunk)
	}
	return encoded
}

func (l *benchLog) ReadAll(_ context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	reply := contract.Records{Head: l.head}
	if r.AfterPosition == l.head {
		return reply, nil
	}
	return reply, json.Unmarshal(l.records[r.AfterPosition/contract.MaxReadRecords], &reply.Records)
}

// BenchmarkRebuild builds lost views of 200,000 events. It reports events per
// second.
func BenchmarkRebuild(b *testing.B) {
	const events = 200_000
	log := newBenchLog(b, events)
	b.Run("sqlite", func(b *testing.B) {
		for i := range b.N {
			store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(i)), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if err := newProjector(store, log).CatchUp(b.Context()); err != nil {
				b.Fatal(err)
			}
			if err := store.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("memory", func(b *testing.B) {
		for range b.N {
			if err := newProjector(memory.New(), log).CatchUp(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
	})
}

// BenchmarkRebuildBeside builds views of 200,000 events anew beside the live
// ones and compares them. It reports events per second of the building, and of
// the whole rebuild.
func BenchmarkRebuildBeside(b *testing.B) {
	const events = 200_000
	log := newBenchLog(b, events)
	building := 0.0
	for i := range b.N {
		generations := sqlite.NewGenerations(filepath.Join(b.TempDir(), fmt.Sprint(i)), sqlite.Options{})
		live, err := generations.Live(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		p := newProjector(live.Store, log)
		done, err := p.Rebuild(b.Context(), generations, func(projector.Progress) {})
		if err != nil || done.Events != events || done.Compared.Accounts != 10_000 {
			b.Fatalf("rebuilt %+v (%v)", done, err)
		}
		building += done.Seconds
		if err := p.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*events)/building, "events/s")
	b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s-all")
}

// BenchmarkApplyLive handles batches of the topic, each in its own transaction. It
// reports events per second.
func BenchmarkApplyLive(b *testing.B) {
	const events = 200_000
	log := newBenchLog(b, events)
	for _, size := range []int64{100, 1000} {
		var batches []contract.Batch
		for first := int64(1); first <= events; first += size {
			reply, err := log.ReadAll(b.Context(), contract.ReadAllRequest{AfterPosition: (first - 1) / 1000 * 1000})
			if err != nil {
				b.Fatal(err)
			}
			from := (first - 1) % 1000
			batches = append(batches, contract.Batch{Previous: first - 1, First: first, Last: first + size - 1,
				Records: reply.Records[from : from+size]})
		}
		b.Run(fmt.Sprintf("sqlite/batch=%d", size), func(b *testing.B) { benchBatches(b, log, batches) })
	}
}

func benchBatches(b *testing.B, log logclient.Log, batches []contract.Batch) {
	events := int64(0)
	for i := range b.N {
		store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(i)), sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		p := newProjector(store, log)
		for _, batch := range batches {
			if err := p.Handle(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
		events += p.Position()
		if err := store.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
