package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corebank/check/bench"
)

// benchConfig is what `corebank bench` is asked for.
type benchConfig struct {
	bench.Config
	json, html  string
	tokenFile   string
	quick, keep bool
}

// What --quick makes of the run, unless a flag says otherwise.
const (
	quickRepeats = 2
	quickTime    = time.Second
	quickWarmup  = 300 * time.Millisecond
	quickEvents  = 20_000
	quickHistory = 20_000
	quickSockets = 1000
	quickOpened  = 1000 // accounts
	quickTold    = 100  // subscribers
)

// What "bench soak" is, unless a flag says otherwise: few accounts, so that what
// each may remember by right is full within the first third of the hour.
const (
	soakTime        = time.Hour
	soakRate        = 500
	soakAccounts    = 500
	soakSubscribers = 300
)

// scaleEvents is the longest log of "bench scale", unless a flag says otherwise.
const scaleEvents = 1_000_000

func newBench() *cobra.Command {
	config := benchConfig{Config: bench.Config{Log: os.Stderr}}
	c := &cobra.Command{
		Use:     "bench [SCENARIO...]",
		GroupID: groupBank,
		Short:   "Measure how fast a bank is on this machine",
		Long: `Start what is to be measured in a temporary directory, put a load on it, and
report rates, waits and the processor time that each process spends on one
operation. Scenarios, all of them but the last two if none is named:

` + scenarioHelp() + `
What belongs together is measured in turns, --repeats times, so that the ratios
compare like with like. Each figure is the median, with half the distance of
the extremes as its spread. Everything that is acknowledged is fsynced, and
after each load the views are held against what was acknowledged.

Clients ask again as soon as they are answered. With --rate, calls fall due at
a fixed rate instead, and a wait counts from when its call was due.

The load comes from this machine too and takes its share of it. Close other
programs; the report has the load average at the beginning.

Soak has a load of its own: unless flags say otherwise, for an hour, 500
operations a second fall due on 500 accounts, with 300 subscribers. It tells of
each process whether its memory is flat, if it lasts half an hour or more.
Scale writes logs of 100,000 events and, unless --events is another, of
1,000,000, and shows what grows with them.

With --url, a bank that runs already is measured, with a teller's token from
COREBANK_TOKEN or --token-file. It keeps the accounts and transactions that
this makes: do not measure a bank that is in use.`,
		Example: `  # A short look at everything
  corebank bench --quick

  # Deposits beside what Dapr and SQL do on the same machine, with a page
  corebank bench deposit noop hot baseline --html bench.html

  # Is memory flat over an hour of use?
  corebank bench soak --html soak.html

  # A bank that runs, 500 deposits a second, whether it keeps up or not
  COREBANK_TOKEN=$(corebank token) corebank bench deposit \
    --url http://127.0.0.1:8080 --rate 500`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, arguments []string) error {
			config.Scenarios = arguments
			config.hurry(c)
			config.soak(c)
			config.scale(c)
			if err := errors.Join(config.signIn(), config.Check()); err != nil {
				return err
			}
			return work(func(ctx context.Context, _ *slog.Logger) error { return config.run(ctx, c.OutOrStdout()) })(c, arguments)
		},
	}
	config.flags(c)
	return c
}

func (b *benchConfig) flags(c *cobra.Command) {
	flags := c.Flags()
	flags.IntVar(&b.Repeats, "repeats", 5, "how often each case is measured")
	flags.DurationVar(&b.Time, "duration", 5*time.Second, "how long each time")
	flags.DurationVar(&b.Warmup, "warmup", time.Second, "how long the load runs before it counts")
	flags.IntVar(&b.Clients, "clients", 0, "clients that ask at once; 0 for as many as each scenario is about")
	flags.IntVar(&b.Accounts, "accounts", 10_000, "accounts that the load is spread over")
	flags.IntVar(&b.Batch, "batch", 256, "appends that travel in one call to the event source, at most 256")
	flags.IntVar(&b.Events, "events", 200_000, "events in the log whose views are built anew, and in the longest of scale")
	flags.IntVar(&b.History, "history", 1_000_000, "transactions in the longest history, and events in the log of a killed bank")
	flags.IntVar(&b.Sockets, "sockets", 10_000, "idle websockets")
	flags.IntVar(&b.Subscribers, "subscribers", 1000, "who is told of every deposit")
	flags.StringVar(&b.URL, "url", "", "address of a bank that runs already, such as http://127.0.0.1:8080")
	flags.StringVar(&b.tokenFile, "token-file", "", "file with a teller's token for the bank at --url")
	flags.Float64Var(&b.Rate, "rate", 0, "calls a second that fall due; 0 for as many as are answered")
	flags.BoolVar(&b.quick, "quick", false, "a short look: fewer and shorter repeats, not for comparing")
	flags.StringVar(&b.json, "json", "", "file for the whole report as JSON")
	flags.StringVar(&b.html, "html", "", "file for the report as a page with charts")
	flags.BoolVar(&b.keep, "keep", false, "keep the data and logs of what was measured")
}

func scenarioHelp() string {
	text := new(strings.Builder)
	for _, s := range bench.Scenarios() {
		words := strings.Fields(s.About)
		line := fmt.Sprintf("  %-10s", s.Name)
		for _, word := range words {
			if len(line)+1+len(word) > 79 {
				fmt.Fprintln(text, line)
				line = strings.Repeat(" ", 12)
			}
			line += " " + word
		}
		fmt.Fprintln(text, line)
	}
	return text.String()
}

// hurry makes the run a short one where no flag says how long it is.
func (b *benchConfig) hurry(c *cobra.Command) {
	if !b.quick {
		return
	}
	given := c.Flags().Changed
	if !given("repeats") {
		b.Repeats = quickRepeats
	}
	if !given("duration") {
		b.Time = quickTime
	}
	if !given("warmup") {
		b.Warmup = quickWarmup
	}
	for flag, of := range map[string]struct {
		number *int
		quick  int
	}{"events": {&b.Events, quickEvents}, "history": {&b.History, quickHistory}, "sockets": {&b.Sockets, quickSockets},
		"accounts": {&b.Accounts, quickOpened}, "subscribers": {&b.Subscribers, quickTold}} {
		if !given(flag) {
			*of.number = of.quick
		}
	}
}

// soak makes the run a soak where that is what is asked for, and no flag says
// how it is.
func (b *benchConfig) soak(c *cobra.Command) {
	if !slices.Equal(b.Scenarios, []string{bench.Soak}) {
		return
	}
	given := c.Flags().Changed
	if !given("repeats") {
		b.Repeats = 1
	}
	if !given("duration") {
		b.Time = soakTime
	}
	if !given("rate") {
		b.Rate = soakRate
	}
	if !given("accounts") {
		b.Accounts = soakAccounts
	}
	if !given("subscribers") {
		b.Subscribers = soakSubscribers
	}
}

// scale is the same for the scale.
func (b *benchConfig) scale(c *cobra.Command) {
	if slices.Equal(b.Scenarios, []string{bench.Scale}) && !c.Flags().Changed("events") {
		b.Events = scaleEvents
	}
}

// signIn finds the token for a bank that runs already.
func (b *benchConfig) signIn() (err error) {
	if b.URL == "" {
		return nil
	}
	if b.Token = os.Getenv(tokenVariable); b.Token == "" {
		b.Token, err = readSecret("token-file", b.tokenFile)
	}
	return err
}

// run measures, reports, and leaves nothing behind that was not asked for.
func (b *benchConfig) run(ctx context.Context, out io.Writer) (err error) {
	if b.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if b.Dir, err = os.MkdirTemp("", "corebank-bench-"); err != nil {
		return err
	}
	report, err := bench.Run(ctx, b.Config)
	if len(report.Results) > 0 {
		err = errors.Join(err, b.write(out, report))
	}
	if b.keep {
		fmt.Fprintf(b.Log, "the data and logs are in %s\n", b.Dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(b.Dir))
}

func (b *benchConfig) write(out io.Writer, report bench.Report) error {
	return errors.Join(report.WriteTable(out), writeFile("json", b.json, report.WriteJSON), writeFile("html", b.html, report.WritePage))
}

// writeFile writes a file that was asked for by a flag.
func writeFile(flag, path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	return errors.Join(write(file), file.Close())
}
