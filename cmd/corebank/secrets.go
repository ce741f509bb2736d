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
