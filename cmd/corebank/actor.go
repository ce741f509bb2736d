package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/actor"
	"corebank/internal/contract"
)

func newActor() *cobra.Command {
	var config actor.Config
	var appendTokenFile string
	c := &cobra.Command{
		Use:     "actor",
		GroupID: groupApps,
		Short:   "Host the account actors, which decide commands",
		RunE: work(traced(contract.AppActor, func(ctx context.Context, log *slog.Logger) (err error) {
			if err := checkPartitions(config.Partitions); err != nil {
				return err
			}
			if config.AppendToken, err = readSecret("append-token-file", appendTokenFile); err != nil {
				return err
			}
			return actor.Run(ctx, config, log)
		})),
	}
	identityFlags(c, &config.Identity)
	c.Flags().StringVar(&config.KeyFile, "key-file", "actor-key.pem",
		"key that signs the bank's own commands; it is made if it is missing")
	appendTokenFlag(c, &appendTokenFile)
	partitionsFlag(c, &config.Partitions)
	c.Flags().StringVar(&config.Health, "health", "127.0.0.1:7402", "address of /healthz and /readyz")
	eventSourcesFlag(c, &config.EventSources)
	metricsFlags(c, &config.Metrics)
	return c
}
