package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/internal/contract"
	"corebank/internal/jetstream"
	"corebank/projector"
)

func newProjector() *cobra.Command {
	var config projector.Config
	var broker, adminTokenFile, leaseName string
	c := &cobra.Command{
		Use:     "projector",
		GroupID: groupApps,
		Short:   "Build the views that answer queries",
		RunE: work(traced(contract.AppProjector, func(ctx context.Context, log *slog.Logger) (err error) {
			if config.AdminToken, err = readSecret("admin-token-file", adminTokenFile); err != nil {
				return err
			}
			config.Views = config.Views.WithEnvironment()
			config.Broker = jetstream.Probe(broker)
			if config.Lease, err = openLease(leaseName, broker, config.Health); err != nil {
				return err
			}
			return projector.Run(ctx, config, log)
		})),
	}
	c.Flags().StringVar(&config.Health, "health", "127.0.0.1:7403",
		"address of /healthz and /readyz, and, on this machine, of replay and rebuild")
	c.Flags().StringVar(&adminTokenFile, "admin-token-file", "",
		"file with the token that replay and rebuild need; without it, they are refused")
	brokerFlag(c, &broker)
	leaseFlag(c, &leaseName)
	viewsFlag(c, &config.Views)
	eventSourcesFlag(c, &config.EventSources)
	metricsFlags(c, &config.Metrics)
	return c
}
