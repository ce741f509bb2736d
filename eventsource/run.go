package eventsource

import (
	"context"
	"log/slog"
	"net"

	"golang.org/x/sync/errgroup"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// Config is what the log app needs to run.
type Config struct {
	// Listen is the loopback address that the sidecar calls the app on.
	Listen string
	// Health is the address of /healthz and /readyz.
	Health string
	Immudb ImmudbConfig
	// Broker, when set, asks the broker whether it works: see app.MindBroker.
	Broker func(context.Context) error
	// AppendToken, when set, is what an append must carry: see app.Prove.
	AppendToken string
	// Disk, when set, is a directory on immudb's disk: with less than DiskFloor
	// bytes free there, appends are refused before the disk is full.
	Disk      string
	DiskFloor uint64
	// DiskFloorFile, if there is such a file, has another DiskFloor, in MiB. It
	// is read again and again.
	DiskFloorFile string
}

// Run serves the log until ctx ends, or until another event source takes the
// log over: then it fails with ErrFenced.
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
	storage := NewImmudb(config.Immudb)
	defer storage.Close(context.WithoutCancel(ctx))

	writer := NewWriter(storage, log)
	relay := NewRelay(storage, writer, sidecar, log)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return sidecar.MindBroker(ctx, config.Broker) })
	group.Go(func() error { return writer.Run(ctx) })
	group.Go(func() error { return relay.Run(ctx) })
	if config.Disk != "" {
		group.Go(func() error { return watchDisk(ctx, writer, freeBytes(config.Disk), config.floor, log) })
	}
	group.Go(func() error {
		methods := NewAPI(writer, storage, relay.Published).Methods()
		methods[contract.MethodAppend] = app.Proven(config.AppendToken, methods[contract.MethodAppend])
		return app.ServeMethods(ctx, service, methods)
	})
	group.Go(func() error {
		return app.ServeHealth(ctx, health, func(context.Context) contract.Readiness { return writer.Ready() })
	})
	return group.Wait()
}
