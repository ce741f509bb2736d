package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"corebank/check/torture"
)

func newTorture() *cobra.Command {
	run := torture.Command{Config: torture.Config{Out: os.Stdout}}
	c := &cobra.Command{
		Use:     "torture",
		GroupID: groupBank,
		Short:   "Inject faults into a bank and check that it keeps its promises",
		Long: `Run a bank of its own in a temporary directory, put a mixed load on it through
GraphQL (payments, transfers, holds, reversals, freezes), follow it by
websocket, and inject faults: kill and freeze its processes one by one and all
at once, slow down, cut and silence the connections between them, fill its disk,
remove the broker's data, repeat and drop its messages, send wrong ones, put
events into the log that cannot be read, start a second event source, damage
snapshots, delete views. Then let it recover, and compare every answer that a
client got with the log:

  what was acknowledged is there exactly once, with the values of the answer;
  what was only refused is not; what is unknown is there at most once;
  versions, positions and sums are right, and the views are equal to them;
  each subscriber saw each transaction once and in order;
  the answers about each account are linearizable, as the domain decides;
  each transfer ended once, nothing is in transit, nothing was reversed twice;
  accounts with an event that cannot be read stop, and no others.

The same seed makes the same schedule of faults. The exit code is 0 only if
nothing was violated; otherwise the data is kept and the command to repeat the
run is printed. Ctrl-C ends the faults early and checks what there is. It needs
Linux, and about 1,000 bytes of memory for each answer.

--faults takes names such as kill:actor or freeze:immudb, separated by commas;
the word before the colon for all of a kind; or all. A fault that lasts usually
lasts a moment, and in one of twenty rounds up to half a minute, or a minute
where a process is frozen; never longer than a sixth of --duration. One fault is
not in "all", because it takes minutes: broker-away cuts the broker off for
longer than the sidecars try to reach it.

--each N continues until each kind of fault was there N times. --events N begins
with a log that has N events of N/100 accounts already; the clients use half of
these accounts.`,
		Example: `  # Two minutes of everything
  corebank torture

  # Only the event source, killed and frozen, in a run that can be repeated
  corebank torture --faults kill:eventsource,freeze:eventsource --duration 5m --seed 7

  # Each fault twenty times, on a log of a million events, with a report to keep
  corebank torture --each 20 --events 1000000 --json report.json`,
		RunE: checked(func(c *cobra.Command, _ []string) error {
			run.LogLevel = logLevelOf(c)
			return run.Check()
		}, work(func(ctx context.Context, _ *slog.Logger) error { return run.Run(ctx) })),
	}
	flags := c.Flags()
	flags.StringVar(&run.Faults, "faults", "all", "faults to inject, by name, separated by commas")
	flags.DurationVar(&run.Duration, "duration", 2*time.Minute, "for how long faults begin, at most 12h")
	flags.IntVar(&run.Each, "each", 0,
		"continue until each kind of fault was there so often, instead of for a duration, at most 10,000")
	flags.IntVar(&run.Events, "events", 0, "events that the log has before the faults, at most 10,000,000")
	flags.StringVar(&run.JSON, "json", "", "file for the report as JSON")
	flags.Uint64Var(&run.Seed, "seed", 0, "seed of the schedule; 0 picks one")
	flags.IntVar(&run.Clients, "clients", 16, "clients that use the bank at once, 1 to 256")
	flags.IntVar(&run.Accounts, "accounts", 32, "accounts that they use at once, 1 to 1000")
	partitionsFlag(c, &run.Partitions)
	flags.BoolVar(&run.Keep, "keep", false, "keep the bank's data, whatever the result")
	c.MarkFlagsMutuallyExclusive("each", "duration")
	return c
}
