package eventsource

import (
	"testing"
	"time"

	"corebank/internal/contract"
)

// counted is what the metrics see of one commit of many appends.
func counted(m *writerMetrics) func() {
	b := newBatch()
	for range 100 {
		b.appends = append(b.appends, &pendingAppend{queued: time.Now()})
		b.hits++
	}
	b.records = make([]contract.Record, 100)
	results := make([]contract.AppendResult, 100)
	for i := range results {
		results[i].Status = contract.Appended
	}
	return func() {
		m.began(b)
		m.committed(b, time.Now(), nil)
		m.answered(results)
	}
}

// TestCountingACommitAllocatesNothing, at the event source.
func TestCountingACommitAllocatesNothing(t *testing.T) {
	if allocated := testing.AllocsPerRun(100, counted(newWriterMetrics())); allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

// BenchmarkCountingACommit counts a commit of 100 appends.
func BenchmarkCountingACommit(b *testing.B) {
	count := counted(newWriterMetrics())
	b.ReportAllocs()
	for b.Loop() {
		count()
	}
}
