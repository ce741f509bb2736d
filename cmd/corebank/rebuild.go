package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/localbank/operator"
)

func newRebuild() *cobra.Command {
	var target operator.Target
	var rollback bool
	c := &cobra.Command{
		Use:     "rebuild",
		GroupID: groupBank,
		Short:   "Build all views anew beside the live ones, compare, and switch",
		RunE: work(func(ctx context.Context, _ *slog.Logger) error {
			return operator.Rebuild(ctx, target, rollback, os.Stdout)
		}),
	}
	c.Flags().BoolVar(&rollback, "rollback", false, "make the views live again that were live before the last switch")
	projectorFlags(c, &target)
	return c
}

// projectorHelp ends the help of the commands that ask a projector for work.
const projectorHelp = `The command asks the projector of the bank that runs on --data, or the one with
the --health address --projector, with the token in --admin-token-file. A
projector takes such requests from its own machine only: in a container, run the
command there.`

func projectorFlags(c *cobra.Command, target *operator.Target) {
	c.Flags().StringVar(&target.Data, "data", ".corebank", "directory of the bank that \"corebank up\" runs")
	c.Flags().StringVar(&target.Address, "projector", "",
		"address of a projector on this machine, instead of --data; for example 127.0.0.1:7403")
	c.Flags().StringVar(&target.TokenFile, "admin-token-file", "", "file with that projector's admin token")
}
