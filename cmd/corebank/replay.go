package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/internal/bank"
)

func newReplay() *cobra.Command {
	var config adminConfig
	var account string
	c := &cobra.Command{
		Use:     "replay",
		GroupID: groupBank,
		Short:   "Make the view of one account anew from its events",
		Long: `Make one account's view anew from its events in the log, in one step, while the
bank serves. An account whose view could not take an event stands still and is
shown as stale, with the reason; after the cause is mended, for example by a
newer build, this brings it up to date. If an event still cannot be taken,
nothing changes and the reason is printed.

` + adminHelp,
		Example: `  # The reason
  query { account(id: "acc_...") { version stale { reason sinceVersion } } }

  # After the fix
  corebank replay --account acc_...`,
		RunE: func(c *cobra.Command, arguments []string) error {
			id := bank.AccountID(account)
			if !id.Valid() {
				return fmt.Errorf("--account %q: want an account's id, acc_ and 26 letters and digits", account)
			}
			return work(func(ctx context.Context, _ *slog.Logger) error {
				admin, err := config.find()
				if err != nil {
					return err
				}
				done, err := admin.Replay(ctx, id)
				if err != nil {
					return config.explain(err)
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "The view of %s is made anew and shows version %d.\n", done.Account, done.Version)
				return err
			})(c, arguments)
		},
	}
	c.Flags().StringVar(&account, "account", "", "id of the account")
	require(c, "account")
	adminFlags(c, &config)
	return c
}
