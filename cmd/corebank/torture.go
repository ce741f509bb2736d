package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/spf13/cobra"

	"corebank/check/torture"
	"corebank/internal/contract"
	"corebank/localbank/ports"
)

// Bounds of a torture.
const (
	tortureMost     = 12 * time.Hour
	tortureClients  = 256
	tortureAccounts = 1000
	tortureEach     = 10_000
	tortureEvents   = 10_000_000
)

func newTorture() *cobra.Command {
	config := tortureConfig{Config: torture.Config{Out: os.Stdout}}
	c := &cobra.Command{
		Use:     "torture",
		GroupID: groupBank,
		Short:   "Hurt a bank and check that it keeps its word",
		Long: `Run a bank of its own in a temporary directory, put a mixed load on it through
GraphQL (payments, transfers, holds, reversals, freezes), follow it by
websocket, and hurt it: kill and freeze its processes one by one and all at
once, slow down, cut and silence the connections between them, fill its disk,
take the broker's data away, repeat and drop its messages, send others that
lie, put events into the log that nobody can read, start a second event
source, spoil snapshots, delete views. Then let it heal and hold every answer
that a client got against the log:

  what was acknowledged is there exactly once, as it was told;
  what was only refused is not; what is unknown is there at most once;
  versions, positions and sums are sound, and the views are equal to them;
  each subscriber saw each transaction once and in order;
  the answers about each account are linearizable, as the domain decides;
  each transfer ended once, nothing is in transit, nothing was reversed twice;
  accounts with an event that nobody can read stand still, and no others.

The same seed makes the same schedule of faults. The exit code is 0 only if
nothing was violated; otherwise the data is kept and the command to repeat the
run is printed. Ctrl-C ends the faults early and checks what there is. It needs
Linux, and about 1,000 bytes of memory for each answer.

--faults takes names such as kill:actor or freeze:immudb, separated by commas;
the word before the colon for all of a sort; or all. What lasts, mostly lasts a
moment, and in one of twenty rounds up to half a minute, or a minute where a
process is frozen; never longer than a sixth of --duration. One fault is not in
"all", because it takes minutes: broker-away cuts the broker off for longer than
the sidecars try to reach it.

--each N goes on until each kind of fault was there N times. --events N begins
with a log that has N events of N/100 accounts already, half of which the
clients use.`,
		Example: `  # Two minutes of everything
  corebank torture

  # Only the event source, killed and frozen, in a run to repeat
  corebank torture --faults kill:eventsource,freeze:eventsource --duration 5m --seed 7

  # Each fault twenty times, on a log of a million events, with a report to keep
  corebank torture --each 20 --events 1000000 --json report.json`,
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := config.check(c); err != nil {
				return err
			}
			return work(func(ctx context.Context, _ *slog.Logger) error { return config.run(ctx) })(c, arguments)
		},
	}
	flags := c.Flags()
	flags.StringVar(&config.faults, "faults", "all", "faults to inject, by name, separated by commas")
	flags.DurationVar(&config.Duration, "duration", 2*time.Minute, "how long faults are begun, at most 12h")
	flags.IntVar(&config.Each, "each", 0, "go on until each kind of fault was there so often, instead of for a duration, at most 10,000")
	flags.IntVar(&config.Events, "events", 0, "events that the log has before the bank is hurt, at most 10,000,000")
	flags.StringVar(&config.json, "json", "", "file for the report as JSON")
	flags.Uint64Var(&config.Seed, "seed", 0, "seed of the schedule; 0 picks one")
	flags.IntVar(&config.Clients, "clients", 16, "clients that use the bank at once, 1 to 256")
	flags.IntVar(&config.Accounts, "accounts", 32, "accounts that they use at once, 1 to 1000")
	partitionsFlag(c, &config.Partitions)
	flags.BoolVar(&config.keep, "keep", false, "keep the bank's data, whatever the result")
	c.MarkFlagsMutuallyExclusive("each", "duration")
	return c
}

// tortureConfig is what `corebank torture` is asked for.
type tortureConfig struct {
	torture.Config
	faults string
	json   string
	keep   bool
}

// check reads the flags.
func (t *tortureConfig) check(c *cobra.Command) (err error) {
	if err := checkPartitions(t.Partitions); err != nil {
		return err
	}
	if t.Kinds, err = torture.ParseKinds(t.faults, t.Partitions); err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	if t.LogLevel, err = c.Flags().GetString(flagLogLevel); err != nil {
		return err
	}
	switch {
	case t.Duration <= 0 || t.Duration > tortureMost:
		return fmt.Errorf("--duration %v: want more than 0 and at most %v, for example --duration 5m", t.Duration, tortureMost)
	case t.Each < 0 || t.Each > tortureEach:
		return fmt.Errorf("--each %d: want at most %d, for example --each 20", t.Each, tortureEach)
	case t.Events < 0 || t.Events > tortureEvents:
		return fmt.Errorf("--events %d: want at most %d", t.Events, tortureEvents)
	case t.Clients < 1 || t.Clients > tortureClients:
		return fmt.Errorf("--clients %d: want 1 to %d", t.Clients, tortureClients)
	case t.Accounts < 1 || t.Accounts > tortureAccounts:
		return fmt.Errorf("--accounts %d: want 1 to %d", t.Accounts, tortureAccounts)
	}
	if t.Seed == 0 {
		t.Seed = 1 + rand.Uint64N(1_000_000)
	}
	return nil
}

// run tortures a bank and leaves its data only if somebody will want it.
func (t *tortureConfig) run(ctx context.Context) (err error) {
	if t.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	held := ports.New()
	if t.Listen, err = held.Pick(); err != nil {
		return err
	}
	defer held.FreeAll()
	t.Release = held.FreeAll
	if t.Data, err = os.MkdirTemp("", "corebank-torture-"); err != nil {
		return err
	}
	t.OpenLog, t.Poison = openLog, poisonLog
	t.Fill = func(ctx context.Context, data string, records iter.Seq[contract.Record]) error {
		return fillLog(ctx, data, t.Partitions, records)
	}
	report, err := torture.Run(ctx, t.Config)
	if err == nil {
		err = t.writeJSON(report)
	}
	if err == nil && report.Violations > 0 {
		err = fmt.Errorf("%d violations", report.Violations)
	}
	if err != nil {
		fmt.Fprintf(t.Out, "\n  the data and logs are in %s\n  to repeat: %s\n", t.Data, t.command())
		return err
	}
	if t.keep {
		fmt.Fprintf(t.Out, "\n  the data and logs are in %s\n", t.Data)
		return nil
	}
	return os.RemoveAll(t.Data)
}

// command repeats the run.
func (t *tortureConfig) command() string {
	command := fmt.Sprintf("corebank torture --seed %d --faults %s --clients %d --accounts %d", t.Seed, t.faults, t.Clients, t.Accounts)
	if t.Each > 0 {
		command += fmt.Sprintf(" --each %d", t.Each)
	} else {
		command += fmt.Sprintf(" --duration %v", t.Duration)
	}
	if t.Events > 0 {
		command += fmt.Sprintf(" --events %d", t.Events)
	}
	if t.Partitions > 1 {
		command += fmt.Sprintf(" --partitions %d", t.Partitions)
	}
	return command
}

func (t *tortureConfig) writeJSON(report torture.Report) (err error) {
	if t.json == "" {
		return nil
	}
	file, err := os.Create(t.json)
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return report.WriteJSON(file)
}
