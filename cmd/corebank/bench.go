package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"corebank/check/bench"
)

func newBench() *cobra.Command {
	config := bench.Config{Log: os.Stderr}
	var output bench.Output
	var tokenFile string
	var quick bool
	c := &cobra.Command{
		Use:     "bench [SCENARIO...]",
		GroupID: groupBank,
		Short:   "Measure how fast a bank is on this machine",
		Long: `Start what is measured in a temporary directory, put a load on it, and report
rates, waits and the processor time that each process spends on one operation.
Scenarios, all of them but the last two if none is named:

` + bench.ScenarioHelp() + `
Cases that belong together are measured in turns, --repeats times, so that their
ratios compare like with like. Each figure is the median; half the distance
between the extremes is its spread. Every acknowledged write is fsynced, and
after each load the views are compared with what was acknowledged.

Clients send the next call as soon as they have an answer. With --rate, calls
fall due at a fixed rate instead, and a wait counts from when its call was due.

The load generator runs on this machine too and uses a share of it. Close other
programs; the report has the load average at the beginning.

Soak has a load of its own: unless flags say otherwise, for an hour, 500
operations a second fall due on 500 accounts, with 300 subscribers. If it lasts
half an hour or more, it reports of each process whether its memory is flat.
Scale writes logs of 100,000 events and, unless --events is another number, of
1,000,000, and shows what grows with them.

With --url, a bank that runs already is measured, with a teller's token from
COREBANK_TOKEN or --token-file. It keeps the accounts and transactions of the
measurement: do not measure a bank that is in use.`,
		Example: `  # A short look at everything
  corebank bench --quick

  # Deposits beside what Dapr and SQL do on the same machine, with a page
  corebank bench deposit noop hot baseline --html bench.html

  # Is memory flat over an hour of use?
  corebank bench soak --html soak.html

  # A bank that runs, 500 deposits a second, whether it keeps up or not
  COREBANK_TOKEN=$(corebank token) corebank bench deposit \
    --url http://127.0.0.1:8080 --rate 500`,
		Args: cobra.ArbitraryArgs, // Check names the scenarios
		RunE: checked(func(c *cobra.Command, arguments []string) (err error) {
			config.Scenarios = arguments
			for flag, value := range bench.Presets(arguments, quick) {
				if !c.Flags().Changed(flag) {
					err = errors.Join(err, c.Flags().Set(flag, value))
				}
			}
			if config.URL != "" {
				var unread error
				config.Token, unread = signInToken(tokenFile)
				err = errors.Join(err, unread)
			}
			return errors.Join(err, config.Check())
		}, work(func(ctx context.Context, _ *slog.Logger) error {
			return bench.RunAndReport(ctx, config, os.Stdout, output)
		})),
	}
	benchFlags(c, &config, &output)
	c.Flags().StringVar(&tokenFile, "token-file", "", "file with a teller's token for the bank at --url")
	c.Flags().BoolVar(&quick, "quick", false, "a short look: fewer and shorter repeats, not for comparing")
	return c
}

func benchFlags(c *cobra.Command, config *bench.Config, output *bench.Output) {
	flags := c.Flags()
	flags.IntVar(&config.Repeats, "repeats", 5, "how often each case is measured")
	flags.DurationVar(&config.Time, "duration", 5*time.Second, "how long each time")
	flags.DurationVar(&config.Warmup, "warmup", time.Second, "how long the load runs before it counts")
	flags.IntVar(&config.Clients, "clients", 0, "clients that call at once; 0 for as many as each scenario is about")
	flags.IntVar(&config.Accounts, "accounts", 10_000, "accounts that the load is spread over")
	flags.IntVar(&config.Batch, "batch", 256, "appends that travel in one call to the event source, at most 256")
	flags.IntVar(&config.Events, "events", 200_000,
		"events in the log from which views are built anew, and in the longest log of scale")
	flags.IntVar(&config.History, "history", 1_000_000,
		"transactions in the longest history, and events in the log of a killed bank")
	flags.IntVar(&config.Sockets, "sockets", 10_000, "idle websockets")
	flags.IntVar(&config.Subscribers, "subscribers", 1000, "subscribers that receive every deposit")
	flags.StringVar(&config.URL, "url", "", "address of a bank that runs already, such as http://127.0.0.1:8080")
	flags.Float64Var(&config.Rate, "rate", 0, "calls a second that fall due; 0 for as many as are answered")
	flags.StringVar(&output.JSON, "json", "", "file for the whole report as JSON")
	flags.StringVar(&output.HTML, "html", "", "file for the report as a page with charts")
	flags.BoolVar(&output.Keep, "keep", false, "keep the data and logs of what was measured")
}
