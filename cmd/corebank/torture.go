package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"corebank/check/torture"
)

func newTorture() *cobra.Command {
	var run torture.Command
	c := &cobra.Command{
		Use:     "torture",
		GroupID: groupBank,
		Short:   "Inject faults into a bank and check that it keeps its promises",
		RunE: checked(func(c *cobra.Command, _ []string) error {
			run.LogLevel, run.Stdout = logLevelOf(c), c.OutOrStdout()
			return run.Check()
		}, work(func(ctx context.Context, _ *slog.Logger) error { return run.Run(ctx) })),
	}
	flags := c.Flags()
	flags.StringVar(&run.Faults, "faults", "all", "faults to inject, by name, separated by commas")
	flags.DurationVar(&run.Duration, "duration", 2*time.Minute, "for how long faults begin, at most 12h")
	flags.IntVar(&run.Each, "each", 0,
		"continue until each kind of fault was there so often, instead of for a duration, at most 10,000")
	flags.IntVar(&run.Events, "events", 0, "events that the log has before the faults, at most 10,000,000")
	flags.StringVar(&run.JSON, "json", "", "file for the report as JSON; - is standard output")
	flags.Uint64Var(&run.Seed, "seed", 0, "seed of the schedule; 0 picks one")
	flags.IntVar(&run.Clients, "clients", 16, "clients that use the bank at once, 1 to 256")
	flags.IntVar(&run.Accounts, "accounts", 32, "accounts that they use at once, 1 to 1000")
	partitionsFlag(c, &run.Partitions)
	flags.IntVar(&run.Machines, "machines", 1, "how many machines the bank has, 1 or 3, of which some are lost and frozen")
	flags.StringVar(&run.From, "from", "",
		"program of another release, with which the bank begins; its apps are replaced by those of this one, and back")
	flags.BoolVar(&run.Keep, "keep", false, "keep the bank's data, whatever the result")
	c.MarkFlagsMutuallyExclusive("each", "duration")
	return c
}
