package main

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"corebank/internal/contract"
	"corebank/internal/jetstream"
)

func newTopic() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:     "topic",
		GroupID: groupParts,
		Short:   "Make the stream of the topic on a NATS server",
		Long: `Make or adjust the JetStream stream of the topic "` + contract.Topic + `" on a NATS
server. It is kept in files, for at most 24 hours and up to 1 GiB; the oldest
messages are dropped first. The Dapr component does not make it. The command
waits up to a minute for the server.`,
		Example: `  corebank topic --url nats://127.0.0.1:4222`,
		RunE: work(func(ctx context.Context, log *slog.Logger) error {
			return jetstream.AwaitStream(ctx, url, log)
		}),
	}
	c.Flags().StringVar(&url, "url", nats.DefaultURL, "URL of the NATS server")
	return c
}
