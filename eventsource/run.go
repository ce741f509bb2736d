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
	group.Go(func() error { return writer.Run(ctx) })
	group.Go(func() error { return relay.Run(ctx) })
	group.Go(func() error { return app.ServeMethods(ctx, service, NewAPI(writer, storage).Methods()) })
	group.Go(func() error {
		return app.ServeHealth(ctx, health, func(context.Context) contract.Readiness { return writer.Ready() })
	})
	return group.Wait()
}
