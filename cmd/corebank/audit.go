package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/check/audit/auditrun"
)

func newAudit() *cobra.Command {
	var config auditrun.Config
	var asJSON bool
	c := &cobra.Command{
		Use:     "audit",
		GroupID: groupBank,
		Short:   "Check the whole log, the views and immudb's proofs",
	}
	c.RunE = checked(func(*cobra.Command, []string) error {
		config.Views = config.Views.WithEnvironment()
		return config.Check()
	}, work(func(ctx context.Context, log *slog.Logger) error {
		return auditrun.RunAndReport(ctx, config, asJSON, c.OutOrStdout(), log)
	}))
	flags := c.Flags()
	logFlags(c, &config.Config)
	flags.StringVar(&config.State, "state", "",
		"file of the last audited state of immudb; with --data, audited.json in it")
	flags.BoolVar(&asJSON, "json", false, "report for machines")
	viewsFlag(c, &config.Views)
	return c
}
