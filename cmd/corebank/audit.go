package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/check/audit/auditrun"
	"corebank/eventsource/immudb"
	"corebank/localbank/datadir"
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
	flags.StringVar(&config.Data, "data", datadir.Default,
		"directory of the bank that \"corebank up\" runs, unless --immudb is given")
	flags.StringVar(&config.Immudb.Address, "immudb", "", "address of the immudb server, instead of --data")
	flags.StringVar(&config.Immudb.Database, "immudb-database", immudb.DefaultDatabase, "database of the log")
	flags.StringSliceVar(&config.Addresses, "partition-immudb", nil,
		"addresses of the partitions' immudb servers, in order, if they are not --immudb")
	partitionsFlag(c, &config.Partitions)
	flags.StringVar(&config.Immudb.User, "immudb-user", immudb.DefaultUser, "user who may read the log")
	flags.StringVar(&config.PasswordFile, "immudb-password-file", "",
		"file with that user's password; with --data, the bank's own file. "+
			"With --partitions, the files of the partitions have this name with -1 and so on")
	flags.StringVar(&config.State, "state", "",
		"file of the last audited state of immudb; with --data, audited.json in it")
	flags.BoolVar(&asJSON, "json", false, "report for machines")
	viewsFlag(c, &config.Views)
	return c
}
