package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/localbank"
	"corebank/localbank/supervisor"
)

func newUp() *cobra.Command {
	config := localbank.Config{Out: os.Stdout}
	c := &cobra.Command{
		Use:     "up",
		GroupID: groupBank,
		Short:   "Run the whole bank on this machine",
		Long: `Run the whole bank, each part as a process of its own: immudb with the event
log, NATS with the topic, Dapr's sentry and placement, four Dapr sidecars, and
the four apps. A part that dies is started again. Ctrl-C stops everything in
order.

Everything listens on this machine only. All ports but that of --listen are
picked from the free ones, so several banks run side by side, each with its own
--data. A bank started again on the same --data has every account and
transaction. A new bank needs an empty directory, or none; only its owner can
use it then (mode 0700).

Dapr 1.18 is taken from COREBANK_DAPRD_DIR, from PATH or from ~/.dapr/bin. If it
is not there, it is built from components/daprd the first time: that takes some
minutes and needs the network and Go. The result is kept in the user's cache.

The bank has its own issuer of tokens. A link is printed at the start that signs
one browser in as a teller, once. "corebank token" prints tokens and more links.

The parts identify each other by certificates and tokens. These are made anew at
each start, in the directory "secrets" of --data; see docs/security.md.

The views are kept in a SQLite file, or in MongoDB if MONGODB_URI is set.

With --partitions above 1, the accounts are spread over as many databases of
immudb, each with an event source of its own; see docs/partitions.md. The number
is fixed when the bank is made: give the same number at every start.`,
		Example: `  # The bank on http://127.0.0.1:8080/, its data in .corebank
  corebank up

  # A second bank beside it, on any free port
  corebank up --listen 127.0.0.1:0 --data /tmp/second-bank`,
		RunE: checked(func(c *cobra.Command, _ []string) error {
			config.LogLevel = logLevelOf(c)
			return checkPartitions(config.Partitions)
		}, work(func(ctx context.Context, _ *slog.Logger) (err error) {
			if config.Program, err = os.Executable(); err != nil {
				return err
			}
			ctx, cancel := supervisor.WithParent(ctx, "go") // "go run" dies without passing its signal on
			defer cancel()
			return localbank.Run(ctx, config)
		})),
	}
	flags := c.Flags()
	flags.StringVar(&config.Listen, "listen", "127.0.0.1:8080",
		"address of the API on this machine; port 0 picks a free one")
	flags.StringVar(&config.Data, "data", ".corebank", "directory of all data and logs")
	partitionsFlag(c, &config.Partitions)
	flags.BoolVar(&config.MTLS, "mtls", true,
		"give the sidecars certificates, and let each call only what its rules allow")
	flags.StringToStringVar(&config.Via, "via", nil,
		"part=address of a proxy through which the others reach a part; for tests of bad networks")
	if err := flags.MarkHidden("via"); err != nil {
		panic(err) // the flag is missing: a mistake in this program
	}
	return c
}
