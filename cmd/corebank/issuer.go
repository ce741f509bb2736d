package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/internal/identity/issuer"
	"corebank/localbank/datadir"
)

func newIssuer() *cobra.Command {
	var data, name string
	c := &cobra.Command{
		Use:     "issuer",
		GroupID: groupParts,
		Short:   "Make an issuer of tokens, for trying the bank in containers",
		RunE: func(c *cobra.Command, arguments []string) error {
			return work(func(context.Context, *slog.Logger) error {
				local, err := issuer.OpenAs(data, name)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "issuer %s\nkeys   %s\n", local.Name, local.KeysFile)
				return err
			})(c, arguments)
		},
	}
	c.Flags().StringVar(&data, "data", datadir.Default, "directory of the issuer, for \"corebank token --data\"")
	c.Flags().StringVar(&name, "name", "", "what iss of its tokens says: http://127.0.0.1: and a number")
	require(c, "name")
	return c
}
