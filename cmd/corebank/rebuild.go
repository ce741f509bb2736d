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
		Long: `Build the views anew from the log, beside the live ones (in a file, or in
collections, of their own), while the bank serves. Then everything known of an
account, its transactions, its index entries and the trial balance are compared
with the log. The new views go live only if all are equal, in one step that the
gateways follow by themselves.

If anything stops the command before that, a crash or Ctrl-C, the old views stay
live. They are kept until the next rebuild: --rollback brings them up to date
and makes them live again, and a second --rollback undoes that.

` + projectorHelp,
		Example: `  # While the bank runs on .corebank
  corebank rebuild

  # Return to the views from before the rebuild
  corebank rebuild --rollback`,
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
