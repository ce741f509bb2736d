package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/check/audit"
	"corebank/check/audit/auditrun"
	"corebank/eventsource/immudb"
)

func newAudit() *cobra.Command {
	var config auditrun.Config
	var asJSON bool
	c := &cobra.Command{
		Use:     "audit",
		GroupID: groupBank,
		Short:   "Check the whole log, the views and immudb's proofs",
		Long: `Read the whole log and check the laws of the bank: positions and versions have
no gaps, every event balances, every balance is the sum of its account's amounts
and never below its limit, every idempotency key is used once, the views equal
the log, and immudb's history is proven from its first transaction to the last.
The bank may serve meanwhile: views are compared at the position that they show,
and the log is read up to its end at the beginning of the audit.

immudb alone cannot show that its whole history was not replaced. So the state
that a successful audit has proven is kept in --state, and the next audit proves
that the history continues from there. Keep a copy of that file where a person
who can write to immudb cannot write.

Of a log with several partitions, the histories of all of them and of their
sequence are proven, and that the sequence has each event once.

The exit code is 0 only if everything is right. The result is also saved in
immudb, for the query systemStatus, if --immudb-user may write there.

` + viewsHelp,
		Example: `  # The bank that runs on .corebank
  corebank audit

  # Any other bank, with a report for machines
  corebank audit --immudb 127.0.0.1:3322 --immudb-password-file writer.txt \
    --views views.db --state /mnt/elsewhere/audited.json --json`,
		RunE: checked(func(*cobra.Command, []string) error {
			config.Views = config.Views.WithEnvironment()
			return config.Check()
		}, work(func(ctx context.Context, log *slog.Logger) error {
			report, err := auditrun.Run(ctx, config, os.Stderr, log)
			if report != nil {
				err = errors.Join(printAudit(*report, asJSON), err)
			}
			return err
		})),
	}
	flags := c.Flags()
	flags.StringVar(&config.Data, "data", ".corebank",
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

// printAudit prints the report. Faults are an error.
func printAudit(r audit.Report, asJSON bool) (err error) {
	if asJSON {
		err = r.WriteJSON(os.Stdout)
	} else {
		_, err = fmt.Print(r)
	}
	if err == nil && !r.OK {
		err = fmt.Errorf("the audit found faults: %d", r.FindingsTotal)
	}
	return err
}
