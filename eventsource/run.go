package eventsource

import (
	"context"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/logclient"
)

// Config is what the log app needs to run.
type Config struct {
	// Listen is the loopback address that the sidecar calls the app on.
	Listen string
	// Health is the address of /healthz and /readyz.
	Health string
	// Immudb is the database. Its Partition says whether this is a writer or the sequencer.
	Immudb immudb.Config
	// Broker, if set, asks the broker whether it works: see app.MindBroker.
	Broker func(context.Context) error
	// AppendToken, if set, is what an append must carry: see app.Prove.
	AppendToken string
	// Disk, if set, is a directory on immudb's disk. With less than DiskFloor bytes free there, appends are refused
	// before the disk is full.
	Disk      string
	DiskFloor uint64
	// Lease, if set, is held by the one event source that works, of several. The others stand by.
	Lease *lease.Lease
	// DiskFloorFile, if it exists, replaces DiskFloor, in MiB. It is read every second.
	DiskFloorFile string
}

// Run serves the log until ctx ends, or until another event source takes the log over: then it fails with
// storage.ErrFenced or lease.ErrLost, and one that is started again stands by.
func Run(ctx context.Context, config Config, log *slog.Logger) error {
	sidecar, err := app.DialSidecar()
	if err != nil {
		return err
	}
	defer sidecar.Close()
	service, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return err
	}
	health, err := net.Listen("tcp", config.Health)
	if err != nil {
		return err
	}
	if len(config.Immudb.Addresses) > 1 {
		config.Immudb.Machines = immudb.NewMachines(config.Immudb, log)
	}
	w := &work{config: config, sidecar: sidecar, log: log}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return app.ServeMethods(ctx, service, w.methods()) })
	group.Go(func() error { return app.ServeHealth(ctx, health, sidecar.AlsoReady(w.ready)) })
	group.Go(func() error {
		if config.Lease == nil {
			return w.do(ctx)
		}
		return config.Lease.Run(ctx, w.do)
	})
	return group.Wait()
}

// closer is released after everything else has ended.
type closer interface{ Close(context.Context) error }

// startPart starts what the configuration asks for: the writer of a log with one partition, of one partition of
// several, or the sequencer of several.
func startPart(
	ctx context.Context, group *errgroup.Group, config Config, sidecar *app.Sidecar, log *slog.Logger,
) (*API, closer) {
	part := config.Immudb.Partition
	if part.IsSequence() {
		cuts := immudb.NewSequenceLog(config.Immudb)
		merged := sequencer.New(cuts, remotePartitions(sidecar, part.Of), log)
		group.Go(func() error { return merged.Run(ctx) })
		return NewMergedAPI(merged, startRelay(ctx, group, config, merged, merged, sidecar, log)), cuts
	}
	db := immudb.NewLog(config.Immudb)
	writer := NewWriter(db, log)
	writer.Clock = time.Now
	group.Go(func() error { return writer.Run(ctx) })
	if config.Disk != "" {
		group.Go(func() error { return watchDisk(ctx, writer, freeBytes(config.Disk), config.floor, log) })
	}
	if part.Number > 0 {
		return NewPartitionAPI(writer, db, part), db
	}
	return NewAPI(writer, db, startRelay(ctx, group, config, db, writer, sidecar, log)), db
}

// startRelay starts to publish, and returns a function that reports how far it has got.
func startRelay(
	ctx context.Context, group *errgroup.Group, config Config, from published, head source, sidecar *app.Sidecar,
	log *slog.Logger,
) func() int64 {
	relay := NewRelay(from, head, sidecar, log)
	group.Go(func() error { return sidecar.MindBroker(ctx, config.Broker) })
	group.Go(func() error { return relay.Run(ctx) })
	return relay.Published
}

// remotePartitions are the partitions, read through the sidecar.
func remotePartitions(sidecar *app.Sidecar, partitions int) (parts []sequencer.PartitionLog) {
	for _, partition := range contract.PartitionApps(partitions) {
		parts = append(parts, logclient.NewPartition(sidecar, partition))
	}
	return parts
}
