package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/client"
	"corebank/internal/identity"
	"corebank/localbank/datadir"
)

const tokenLife = 24 * time.Hour

func newToken() *cobra.Command {
	var data string
	var request client.TokenRequest
	var link bool
	c := &cobra.Command{
		Use:     "token",
		GroupID: groupBank,
		Short:   "Print a token for the bank that \"corebank up\" runs",
	}
	c.RunE = checked(func(*cobra.Command, []string) error {
		request.Subject = cmp.Or(request.Subject, request.Role)
		return request.Check()
	}, work(func(context.Context, *slog.Logger) error {
		made := client.LocalToken
		if link {
			made = signInLink
		}
		text, err := made(data, request.Subject, identity.Role(request.Role), request.Lifetime)
		if err == nil {
			_, err = fmt.Fprintln(c.OutOrStdout(), text)
		}
		return err
	}))
	c.Flags().StringVar(&request.Role, "role", string(identity.Teller), "customer, teller, auditor or admin")
	c.Flags().StringVar(&request.Subject, "subject", "", "name of the user; without it, the role's name")
	c.Flags().DurationVar(&request.Lifetime, "ttl", tokenLife, "how long the token lasts, at most 2160h")
	c.Flags().BoolVar(&link, "link", false, "print an address that signs a browser in, once, instead of the token")
	c.Flags().StringVar(&data, "data", datadir.Default, "directory of the bank that \"corebank up\" runs")
	return c
}
