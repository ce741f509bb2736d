package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/actor"
)

func newActor() *cobra.Command {
	var config actor.Config
	c := &cobra.Command{
		Use:     "actor",
		GroupID: groupApps,
		Short:   "Host the account actors, which decide commands, and drive transfers",
		Long: `Run the command app beside its Dapr sidecar: it hosts one actor per account.
An actor reads its account's events, decides commands one at a time, and answers
when the event log has what it decided. The app also follows the log and takes
each transfer from the account that sent it to its end.

The sidecar (app id "actor") is found by DAPR_GRPC_ENDPOINT, or by
DAPR_GRPC_PORT on this machine. It needs no --app-port: the app calls it.`,
		Example: `  # The sidecar in one terminal, the app in another
  daprd --app-id actor --dapr-grpc-port 50002 --resources-path components --placement-host-address 127.0.0.1:50005
  DAPR_GRPC_PORT=50002 corebank actor --health 127.0.0.1:7402`,
		RunE: work(func(ctx context.Context, log *slog.Logger) error { return actor.Run(ctx, config, log) }),
	}
	c.Flags().StringVar(&config.Health, "health", "127.0.0.1:7402", "address of /healthz and /readyz")
	return c
}
