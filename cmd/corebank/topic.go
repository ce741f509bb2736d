package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"corebank/internal/jetstream"
)

func newTopic() *cobra.Command {
	var url string
	var copies int
	c := &cobra.Command{
		Use:     "topic",
		GroupID: groupParts,
		Short:   "Make the stream of the topic on a NATS server",
		RunE: checked(func(*cobra.Command, []string) error {
			if err := jetstream.CheckCopies(copies); err != nil {
				return fmt.Errorf("--copies: %w", err)
			}
			return nil
		}, work(func(ctx context.Context, log *slog.Logger) error {
			return jetstream.AwaitStream(ctx, url, copies, log)
		})),
	}
	c.Flags().StringVar(&url, "url", nats.DefaultURL, "URL of the NATS server")
	c.Flags().IntVar(&copies, "copies", 1, "how many members of a cluster have the topic: 3 where there are three")
	return c
}
