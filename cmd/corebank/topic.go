package main

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"corebank/internal/jetstream"
)

func newTopic() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:     "topic",
		GroupID: groupParts,
		Short:   "Make the stream of the topic on a NATS server",
		RunE: work(func(ctx context.Context, log *slog.Logger) error {
			return jetstream.AwaitStream(ctx, url, log)
		}),
	}
	c.Flags().StringVar(&url, "url", nats.DefaultURL, "URL of the NATS server")
	return c
}
