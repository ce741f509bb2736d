package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/eventsource/immudb"
)

func newFailover() *cobra.Command {
	var given failoverFlags
	c := &cobra.Command{
		Use:     "failover",
		GroupID: groupBank,
		Short:   "Let another machine's copy of the log take over",
	}
	c.RunE = checked(func(*cobra.Command, []string) error { return given.check() },
		work(func(ctx context.Context, log *slog.Logger) error {
			parts, err := given.read()
			if err != nil {
				return err
			}
			return immudb.Failover(ctx, parts, given.wish, given.dryRun, log,
				func(line string) { fmt.Fprintln(c.OutOrStdout(), line) })
		}))
	given.add(c)
	return c
}
