package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/eventsource"
	"corebank/internal/contract"
)

func newEventSource() *cobra.Command {
	var given eventSourceFlags
	c := &cobra.Command{
		Use:     "eventsource",
		GroupID: groupApps,
		Short:   "Keep the event log in immudb and publish from it",
		PreRunE: func(c *cobra.Command, _ []string) error { return given.check(c) },
		RunE: work(traced(contract.AppEventSource, func(ctx context.Context, log *slog.Logger) error {
			if err := given.read(); err != nil {
				return err
			}
			return eventsource.Run(ctx, given.config, log)
		})),
	}
	given.add(c)
	return c
}
