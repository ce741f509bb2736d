package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/actor"
)

func newActor() *cobra.Command {
	var config actor.Config
	var appendTokenFile string
	c := &cobra.Command{
		Use:     "actor",
		GroupID: groupApps,
		Short:   "Host the account actors, which decide commands, and drive transfers",
		Long: `Run the command app beside its Dapr sidecar: it hosts one actor per account.
An actor reads its account's events, decides commands one at a time, and answers
when its decision is in the event log. The app also follows the log and
completes each transfer.

Each command carries the signed token of its caller. The app verifies the token
again and decides what its roles allow: a gateway alone cannot move money.
` + identityHelp + `

The bank signs its own commands with the key in --key-file. Several hosts of
actors need the same key; no other program may have it.

The sidecar (app id "actor") is found by DAPR_GRPC_ENDPOINT, or by
DAPR_GRPC_PORT on this machine. It needs no --app-port: the app calls it.`,
		Example: `  # The sidecar in one terminal, the app in another
  daprd --app-id actor --dapr-grpc-port 50002 --resources-path components --placement-host-address 127.0.0.1:50005
  DAPR_GRPC_PORT=50002 corebank actor --issuer https://login.example.org --audience corebank --key-file actor.pem`,
		RunE: work(func(ctx context.Context, log *slog.Logger) (err error) {
			if err := checkPartitions(config.Partitions); err != nil {
				return err
			}
			if config.AppendToken, err = readSecret("append-token-file", appendTokenFile); err != nil {
				return err
			}
			return actor.Run(ctx, config, log)
		}),
	}
	identityFlags(c, &config.Identity)
	c.Flags().StringVar(&config.KeyFile, "key-file", "actor-key.pem",
		"key that signs the bank's own commands; it is made if it is missing")
	appendTokenFlag(c, &appendTokenFile)
	partitionsFlag(c, &config.Partitions)
	c.Flags().StringVar(&config.Health, "health", "127.0.0.1:7402", "address of /healthz and /readyz")
	return c
}
