package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/internal/bank"
	"corebank/localbank/operator"
)

func newReplay() *cobra.Command {
	var target operator.Target
	var account string
	c := &cobra.Command{
		Use:     "replay",
		GroupID: groupBank,
		Short:   "Make the view of one account anew from its events",
		RunE: checked(func(*cobra.Command, []string) error {
			if !bank.AccountID(account).Valid() {
				return fmt.Errorf("--account %q: want the id of an account, acc_ and 26 letters and digits", account)
			}
			return nil
		}, work(func(ctx context.Context, _ *slog.Logger) error {
			return operator.Replay(ctx, target, bank.AccountID(account), os.Stdout)
		})),
	}
	c.Flags().StringVar(&account, "account", "", "id of the account")
	require(c, "account")
	projectorFlags(c, &target)
	return c
}
