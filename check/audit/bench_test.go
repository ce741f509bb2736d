package audit_test

import (
	"fmt"
	"runtime"
	"testing"

	"corebank/check/audit"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// largeLog is a sound log of so many events of so many accounts.
func largeLog(b *testing.B, events, accounts int) []contract.Record {
	log := newTestLog(b)
	ids := make([]bank.AccountID, accounts)
	for i := range ids {
		ids[i] = log.open(fmt.Sprint("owner ", i), "EUR")
	}
	for i := accounts; i < events; i++ {
		log.pay(ids[i%accounts], int64(i), 0)
	}
	return log.Records
}

// BenchmarkRecord is what the checks cost without any I/O.
func BenchmarkRecord(b *testing.B) {
	records := largeLog(b, 100_000, 10_000)
	a := audit.New()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(records) == 0 {
			a = audit.New()
		}
		a.Record(records[i%len(records)])
	}
}

// BenchmarkMemory is what an auditor holds: for accounts alone, and for keys.
func BenchmarkMemory(b *testing.B) {
	for name, accounts := range map[string]int{"bytes per account": 200_000, "bytes per key": 200} {
		b.Run(name, func(b *testing.B) {
			records := largeLog(b, 200_000, accounts)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			a := audit.New()
			for b.Loop() {
				a = audit.New()
				for _, r := range records {
					// As read from a log: no memory is shared with the caller.
					r.Account = bank.AccountID([]byte(r.Account))
					a.Record(r)
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(records)), "B/each")
			runtime.KeepAlive(a)
			runtime.KeepAlive(records)
		})
	}
}
