package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/backup"
	"corebank/localbank"
	"corebank/localbank/datadir"
	"corebank/localbank/supervisor"
)

func newUp() *cobra.Command {
	config, copied := localbank.Config{Out: os.Stdout}, backup.CheckCopied{}
	c := &cobra.Command{
		Use:     "up",
		GroupID: groupBank,
		Short:   "Run the whole bank on this machine",
		RunE: checked(func(c *cobra.Command, _ []string) error {
			config.LogLevel, config.LogFormat = logLevelOf(c), logFormatOf(c)
			return errors.Join(checkPartitions(config.Partitions), config.CheckMachines())
		}, work(func(ctx context.Context, _ *slog.Logger) (err error) {
			if config.Program, err = os.Executable(); err != nil {
				return err
			}
			config.CheckLog = copied.With(config.Program, os.Stderr)
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
	flags.IntVar(&config.Machines, "machines", 1, fmt.Sprintf(
		"how many machines to run the bank on, 1 or %d, all of them here; fixed when the bank is made", datadir.MachinesRun))
	flags.BoolVar(&config.MTLS, "mtls", true,
		"give the sidecars certificates, and let each call only what its rules allow")
	flags.BoolVar(&config.Demo, "demo", false,
		"fill the bank with a dozen people, their accounts and three months of payments")
	flags.BoolVar(&copied.AcceptFindings, "accept-findings", false,
		"open data that was copied or moved although the audit finds faults in its log: the answers may be wrong")
	flags.StringToStringVar(&config.Via, "via", nil,
		"part=address of a proxy through which the others reach a part; for tests of bad networks")
	flags.StringArrayVar(&config.Hosts, "host", nil,
		"address of a machine's own host, once for each machine; for tests of bad networks")
	flags.StringArrayVar(&config.Enter, "enter", nil,
		"command that runs a program in a machine's own host, once for each machine; for tests of bad networks")
	hide(c, "via", "host", "enter")
	return c
}
