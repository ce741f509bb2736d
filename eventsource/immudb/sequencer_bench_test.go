package immudb_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"corebank/eventsource"
	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
)

// BenchmarkSequencer gives the records of two partitions, 50,000 in each, their positions in the merged log. All three
// logs are in a real immudb, without sidecars between.
func BenchmarkSequencer(b *testing.B) {
	const partitions, each, batch = 2, 50_000, 500
	server := startServer(b)
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	b.Cleanup(func() { cancel(); running.Wait() })
	var logs []sequencer.PartitionLog
	for number := 1; number <= partitions; number++ {
		config := server
		config.Database, config.User, config.StateDir = fmt.Sprint("part", number), fmt.Sprint("writer", number), b.TempDir()
		config.Partition = storage.Partition{Number: number, Of: partitions}
		s := immudb.NewLog(config)
		b.Cleanup(func() { _ = s.Close(context.WithoutCancel(b.Context())) })
		if _, err := s.Acquire(ctx); err != nil {
			b.Fatal(err)
		}
		for records := range slices.Chunk(deposits(b, each, each/10), batch) {
			if err := s.Commit(ctx, records, nil); err != nil {
				b.Fatal(err)
			}
		}
		writer := eventsource.NewWriter(s, slog.New(slog.DiscardHandler))
		running.Go(func() { _ = writer.Run(ctx) })
		logs = append(logs, eventsource.NewPartitionAPI(writer, s, config.Partition))
	}
	orders := 0
	b.ResetTimer()
	for b.Loop() {
		orders++
		config := server
		config.Database, config.User = fmt.Sprint("order", orders), fmt.Sprint("sequencer", orders)
		config.StateDir = b.TempDir()
		config.Partition = storage.Partition{Of: partitions}
		sequence(ctx, b, config, logs, partitions*each)
	}
	b.ReportMetric(float64(partitions*each*b.N)/b.Elapsed().Seconds(), "events/s")
}

// sequence runs a new sequencer until the merged log has this many records.
func sequence(ctx context.Context, b *testing.B, config immudb.Config, logs []sequencer.PartitionLog, records int64) {
	ctx, cancel := context.WithCancel(ctx)
	cuts := immudb.NewSequenceLog(config)
	s := sequencer.New(cuts, logs, slog.New(slog.DiscardHandler))
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	defer func() {
		cancel()
		running.Wait()
		_ = cuts.Close(context.WithoutCancel(ctx))
	}()
	for s.Head() < records {
		select {
		case <-s.Moved():
		case <-ctx.Done():
			b.Fatal(ctx.Err())
		}
	}
	if page, err := s.ReadAll(ctx, records-1, 1); err != nil || len(page) != 1 || page[0].Position != records {
		b.Fatal(page, err)
	}
}
