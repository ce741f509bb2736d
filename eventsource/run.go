package eventsource

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/logclient"
	"corebank/internal/metrics"
)

// Config is what the log app needs to run.
type Config struct {
	// Listen is the loopback address that the sidecar calls the app on.
	Listen string
	// Health is the address of /healthz and /readyz.
	Health string
	// Metrics says where the metrics are.
	Metrics metrics.Config
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
	// EventSources is how many event sources each partition has, for the sequencer: one, or with leases several.
	EventSources int
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
	measured, err := metrics.Open(config.Metrics, prometheus.Labels{"app": contract.AppEventSource,
		"partition": strconv.Itoa(config.Immudb.Partition.Number)})
	if err != nil {
		return err
	}
	if len(config.Immudb.Addresses) > 1 {
		config.Immudb.Machines = immudb.NewMachines(config.Immudb, log)
		measured.Add(CopyMetrics(config.Immudb.Machines.Copies))
	}
	measured.Add(config.Lease.Metrics()...)
	w := &work{config: config, sidecar: sidecar, measured: measured, log: log}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return measured.Serve(ctx) })
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

// stored is where a part of the log is. It is closed after everything else has ended.
type stored interface {
	Owned
	Close(ctx context.Context) error
}

// startPart starts what the configuration asks for: the writer of a log with one partition, of one partition of
// several, or the sequencer of several.
func startPart(
	ctx context.Context, group *errgroup.Group, config Config, sidecar *app.Sidecar, measured *metrics.Endpoint,
	log *slog.Logger,
) (*API, stored) {
	part := config.Immudb.Partition
	if part.IsSequence() {
		cuts := immudb.NewSequenceLog(config.Immudb)
		merged := sequencer.New(cuts, remotePartitions(sidecar, part.Of, config.EventSources), log)
		cuts.OnMoved(merged.TakeOverAgain)
		group.Go(func() error { return merged.Run(ctx) })
		relay := NewRelay(merged, merged, sidecar, log)
		measured.Add(SequencerMetrics(merged, relay, cuts.Epoch)...)
		startRelay(ctx, group, config, relay, sidecar, measured)
		return NewMergedAPI(merged, relay.Published), cuts
	}
	db := immudb.NewLog(config.Immudb)
	writer := NewWriter(db, log)
	writer.Clock = time.Now
	db.OnMoved(writer.TakeOverAgain)
	group.Go(func() error { return writer.Run(ctx) })
	if config.Disk != "" {
		group.Go(func() error { return WatchDisk(ctx, writer, freeBytes(config.Disk), config.floor, log) })
	}
	measured.Add(WriterMetrics(writer, db.Epoch)...)
	if part.Number > 0 {
		return NewPartitionAPI(writer, db, part), db
	}
	relay := NewRelay(db, writer, sidecar, log)
	measured.Add(relay.Metrics()...)
	startRelay(ctx, group, config, relay, sidecar, measured)
	return NewAPI(writer, db, relay.Published), db
}

// startRelay starts to publish, and to show the last audit of what is published.
func startRelay(
	ctx context.Context, group *errgroup.Group, config Config, relay *Relay, sidecar *app.Sidecar,
	measured *metrics.Endpoint,
) {
	audit := NewAuditMetrics()
	measured.Add(audit.Collectors()...)
	group.Go(func() error { audit.Watch(ctx, relay.storage); return nil })
	group.Go(func() error { return sidecar.MindBroker(ctx, config.Broker) })
	group.Go(func() error { return relay.Run(ctx) })
}

// remotePartitions are the partitions, read through the sidecar.
func remotePartitions(sidecar *app.Sidecar, partitions, eventSources int) (parts []sequencer.PartitionLog) {
	for _, partition := range contract.PartitionApps(partitions) {
		parts = append(parts, logclient.NewPartition(sidecar, contract.OnMachines(partition, eventSources)...))
	}
	return parts
}
