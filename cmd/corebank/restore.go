package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/backup"
	"corebank/localbank/datadir"
)

func newRestore() *cobra.Command {
	config := backup.RestoreConfig{In: os.Stdin}
	c := &cobra.Command{
		Use:     "restore",
		GroupID: groupBank,
		Short:   "Make a bank of a backup, as of its end, a position or a time",
	}
	c.RunE = checked(func(*cobra.Command, []string) error { return config.Check() },
		work(func(ctx context.Context, _ *slog.Logger) (err error) {
			if config.Program, err = os.Executable(); err != nil {
				return err
			}
			return backup.Restore(ctx, config, c.OutOrStdout(), c.ErrOrStderr())
		}))
	flags := c.Flags()
	flags.StringVar(&config.Data, "data", "", "empty directory for the restored bank")
	flags.StringVar(&config.From, "from", "", "directory of the backup, or - for a tar archive on standard input")
	identityFileFlag(c, &config.IdentityFile)
	flags.Int64Var(&config.ToPosition, "to-position", 0, "last position to restore; without it, all")
	flags.StringVar(&config.ToTime, "to-time", "",
		"moment after which nothing is restored, such as 2026-03-01T09:00:00Z")
	flags.IntVar(&config.Machines, "machines", 1,
		fmt.Sprintf("on how many machines the restored bank runs, 1 or %d, as corebank up has it", datadir.MachinesRun))
	flags.BoolVar(&config.Drill, "drill", false, "restore into a temporary place, audit, report and remove it")
	flags.BoolVar(&config.AcceptFindings, "accept-findings", false,
		"make the bank although the audit finds faults in the restored log: it has them, and its answers may be wrong")
	require(c, "from")
	return c
}
