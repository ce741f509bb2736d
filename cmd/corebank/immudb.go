package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/localbank/immudbserver"
)

func newImmudb() *cobra.Command {
	var config immudbserver.Config
	var passwordFile string
	c := &cobra.Command{
		Use:     "immudb",
		GroupID: groupParts,
		Short:   "Run an immudb server, which stores the event log",
		RunE: work(func(ctx context.Context, _ *slog.Logger) (err error) {
			if config.AdminPassword, err = readSecret("admin-password-file", passwordFile); err != nil {
				return err
			}
			return immudbserver.Run(ctx, config)
		}),
	}
	c.Flags().StringVar(&config.Dir, "dir", "", "directory of the data")
	c.Flags().StringVar(&config.Listen, "listen", "127.0.0.1:3322", "address of the gRPC service")
	c.Flags().StringVar(&passwordFile, "admin-password-file", "",
		"file with the administrator's password: 8 to 32 characters with an upper case letter, "+
			"a digit and a special character")
	require(c, "dir", "admin-password-file")
	return c
}
