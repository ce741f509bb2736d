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
when the event log has what it decided. The app also follows the log and takes
each transfer from the account that sent it to its end.

Each command carries the signed token of who gives it. The app verifies it
again and decides what its roles allow: a gateway alone moves nobody's money.
` + identityHelp + `

What the bank does by itself is signed with the key in --key-file. Several hosts
of actors need the same one; nobody else may have it.

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
	c.Flags().StringVar(&config.KeyFile, "key-file", "actor-key.pem", "key that signs what the bank does by itself; it is made if it is not there")
	appendTokenFlag(c, &appendTokenFile)
	partitionsFlag(c, &config.Partitions)
	c.Flags().StringVar(&config.Health, "health", "127.0.0.1:7402", "address of /healthz and /readyz")
	return c
}
