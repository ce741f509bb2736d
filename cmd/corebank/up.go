package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/localbank"
	"corebank/localbank/datadir"
	"corebank/localbank/supervisor"
)

func newUp() *cobra.Command {
	config := localbank.Config{Out: os.Stdout}
	c := &cobra.Command{
		Use:     "up",
		GroupID: groupBank,
		Short:   "Run the whole bank on this machine",
		RunE: checked(func(c *cobra.Command, _ []string) error {
			config.LogLevel = logLevelOf(c)
			return errors.Join(checkPartitions(config.Partitions), checkMachines(config))
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
	flags.IntVar(&config.Machines, "machines", 1, fmt.Sprintf(
		"how many machines to run the bank on, 1 or %d, all of them here; fixed when the bank is made", datadir.MachinesRun))
	flags.BoolVar(&config.MTLS, "mtls", true,
		"give the sidecars certificates, and let each call only what its rules allow")
	flags.BoolVar(&config.Demo, "demo", false,
		"fill the bank with a dozen people, their accounts and three months of payments")
	flags.StringToStringVar(&config.Via, "via", nil,
		"part=address of a proxy through which the others reach a part; for tests of bad networks")
	if err := flags.MarkHidden("via"); err != nil {
		panic(err) // the flag is missing: a mistake in this program
	}
	return c
}

// checkMachines refuses machines that cannot be run.
func checkMachines(config localbank.Config) error {
	if err := datadir.CheckMachines(config.Machines); err != nil {
		return fmt.Errorf("--machines: %w", err)
	}
	switch {
	case config.Machines == 1:
		return nil
	case config.Partitions > 1:
		return errors.New("--machines and --partitions: a bank on several machines has a log with one partition; " +
			"leave one of the two out")
	case len(config.Via) > 0:
		return errors.New("--machines and --via: there is no proxy for one of several machines")
	}
	return nil
}
