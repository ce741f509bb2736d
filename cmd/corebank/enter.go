package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/check/hosts"
)

// newEnter is the command that runs a program in a host of its own.
func newEnter() *cobra.Command {
	var entry hosts.Entry
	c := &cobra.Command{
		Use:     "enter [flags] -- PROGRAM NAME [ARGUMENT]...",
		GroupID: groupBank,
		Hidden:  true, // a part of torture
		Short:   "Run a program in a host that \"corebank torture\" has made",
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) < 2 {
				return errors.New("give a program and the name under which it runs")
			}
			return nil
		},
	}
	c.RunE = work(func(context.Context, *slog.Logger) error {
		arguments := c.Flags().Args()
		return entry.Become(arguments[0], arguments[1], arguments[2:])
	})
	c.Flags().IntVar(&entry.Host, "number", 0, "number of the host")
	c.Flags().StringVar(&entry.Namespace, "namespace", "", "path of the host's network namespace")
	c.Flags().StringVar(&entry.Syncs, "syncs", "", "socket of what lets the syncs of the program begin")
	return c
}
