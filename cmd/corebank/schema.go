package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"corebank/graph"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		GroupID: groupBank,
		Short:   "Print the GraphQL schema, for programs that generate code",
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(c.OutOrStdout(), graph.SDL())
			return err
		},
	}
}
