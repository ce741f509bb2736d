package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/secrets"
)

func newSecrets() *cobra.Command {
	return &cobra.Command{
		Use:     "secrets",
		GroupID: groupParts,
		Short:   "Print new secrets between the parts, for docker compose",
		Long: `Print new secrets by which the parts of an installation identify each other: the
certificates that sentry signs with and the identities that it asks for, the
tokens between each app and its sidecar, the right to append to the log, and
the passwords of the broker's users. The lines are for the file .env of docker
compose and are stored nowhere else.

"corebank up" makes its own secrets at each start.`,
		Example: `  (umask 077; corebank secrets >> .env)`,
		RunE: func(c *cobra.Command, arguments []string) error {
			return work(func(context.Context, *slog.Logger) error {
				set, err := secrets.New(time.Now())
				if err != nil {
					return err
				}
				_, err = fmt.Fprint(c.OutOrStdout(), set.Environment())
				return err
			})(c, arguments)
		},
	}
}
