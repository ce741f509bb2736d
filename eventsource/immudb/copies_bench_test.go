package immudb_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
)

// BenchmarkCopies commits events on one, two and three machines in turns, so that what else runs on this computer slows
// all three alike: batches of 500, and one event at a time.
func BenchmarkCopies(b *testing.B) {
	const batch, singles, rounds = 500, 100, 3
	logs := make(map[int]*immudb.Log)
	heads := make(map[int]int)
	for number := 1; number <= 3; number++ {
		_, config := startMachines(b, number, number)
		if number == 1 {
			config.Address, config.Addresses = config.Addresses[0], nil
			logs[1] = immudb.NewLog(config)
		} else {
			logs[number] = openLog(b, config)
		}
		if _, err := logs[number].Acquire(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	records := deposits(b, 200_000, 20_000)
	batches, alone := make(map[int]time.Duration), make(map[int]time.Duration)
	for b.Loop() {
		for range rounds {
			for number, log := range logs {
				from := heads[number]
				heads[number] += 10*batch + singles
				began := time.Now()
				for part := range slices.Chunk(records[from:from+10*batch], batch) {
					commit(b, log, part)
				}
				batches[number] += time.Since(began)
				began = time.Now()
				for part := range slices.Chunk(records[from+10*batch:heads[number]], 1) {
					commit(b, log, part)
				}
				alone[number] += time.Since(began)
			}
		}
	}
	for number := 1; number <= 3; number++ {
		events := float64(b.N * rounds * 10 * batch)
		b.ReportMetric(events/batches[number].Seconds(), fmt.Sprintf("events/s,%d", number))
		b.ReportMetric(float64(alone[number].Microseconds())/float64(b.N*rounds*singles)/1000,
			fmt.Sprintf("ms/event,%d", number))
	}
}

// BenchmarkCatchUp lets an empty machine copy a log of 100,000 events, in commits of 500, while the primary takes more.
func BenchmarkCatchUp(b *testing.B) {
	const all = 100_000
	for b.Loop() {
		machines, config := startMachines(b, 3, 2)
		log := openLog(b, config)
		if _, err := log.Acquire(b.Context()); err != nil {
			b.Fatal(err)
		}
		records := deposits(b, all+50, 20_000)
		_, replicas := primaryOf(b, config, machines)
		for part := range slices.Chunk(records[:all], 500) {
			commit(b, log, part)
		}
		replicas[0].lose()
		replicas[0].restart()
		began := time.Now()
		if _, err := failover(b, config, copies.Wish{}); err != nil {
			b.Fatal(err)
		}
		for part := range slices.Chunk(records[all:], 1) {
			commit(b, log, part)
		}
		awaitCopy(b, config, replicas[0], func(m copies.Machine) bool { return m.Committed >= m.Has && m.Head >= all })
		b.ReportMetric(all/time.Since(began).Seconds(), "caught-up/s")
	}
}
