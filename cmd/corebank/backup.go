package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/backup"
)

func newBackup() *cobra.Command {
	var config backup.Config
	c := &cobra.Command{
		Use:     "backup",
		GroupID: groupBank,
		Short:   "Back up the log of a bank while it serves",
	}
	c.RunE = checked(func(*cobra.Command, []string) error { return config.Check() },
		work(func(ctx context.Context, _ *slog.Logger) (err error) {
			if config.Program, err = os.Executable(); err != nil {
				return err
			}
			return backup.Run(ctx, config, c.OutOrStdout(), c.ErrOrStderr())
		}))
	logFlags(c, &config.Config)
	flags := c.Flags()
	flags.StringVar(&config.Out, "out", "", "directory of the backup, or - for a tar archive on standard output")
	flags.StringVar(&config.RecipientFile, "recipient-file", "",
		"file with the age recipients for whom the backup is encrypted")
	identityFileFlag(c, &config.IdentityFile)
	flags.BoolVar(&config.Drill, "drill", false,
		"then restore the backup into a temporary place and audit it")
	flags.IntVar(&config.Busy, "busy", 20, "percent of the time that the backup works; it leaves the rest to the bank")
	require(c, "out")
	return c
}

func identityFileFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "identity-file", "", "file with the age key that opens an encrypted backup")
}
