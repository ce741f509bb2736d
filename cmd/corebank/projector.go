package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/internal/jetstream"
	"corebank/projector"
)

func newProjector() *cobra.Command {
	var config projector.Config
	var broker, adminTokenFile string
	c := &cobra.Command{
		Use:     "projector",
		GroupID: groupApps,
		Short:   "Build the views that answer queries",
		Long: `Run the read-model app beside its Dapr sidecar: it reads the log up to its head,
then follows the topic, and writes the views of accounts and histories. The
views are a cache of the log: delete them, and the projector builds them again.
An event that it cannot apply stops the view of its own account only; see
"corebank replay".

` + viewsHelp + `

The sidecar (app id "projector") is found by DAPR_GRPC_ENDPOINT, or by
DAPR_GRPC_PORT on this machine. It needs no --app-port: the app calls it.`,
		Example: `  # The sidecar in one terminal, the app in another
  daprd --app-id projector --dapr-grpc-port 50004 --resources-path components
  DAPR_GRPC_PORT=50004 corebank projector --views views.db --health 127.0.0.1:7403

  # With MongoDB
  MONGODB_URI='mongodb://localhost:27017/?replicaSet=rs0' DAPR_GRPC_PORT=50004 corebank projector`,
		RunE: work(func(ctx context.Context, log *slog.Logger) (err error) {
			if config.AdminToken, err = readSecret("admin-token-file", adminTokenFile); err != nil {
				return err
			}
			config.Views = config.Views.WithEnvironment()
			config.Broker = jetstream.Probe(broker)
			return projector.Run(ctx, config, log)
		}),
	}
	c.Flags().StringVar(&config.Health, "health", "127.0.0.1:7403",
		"address of /healthz and /readyz, and, on this machine, of replay and rebuild")
	c.Flags().StringVar(&adminTokenFile, "admin-token-file", "",
		"file with the token that replay and rebuild need; without it, they are refused")
	brokerFlag(c, &broker)
	viewsFlag(c, &config.Views)
	return c
}
