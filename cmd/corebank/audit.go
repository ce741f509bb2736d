package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/check/audit"
	"corebank/eventsource/immudb"
	"corebank/internal/contract"
	"corebank/internal/view/viewstore"
	"corebank/localbank/datadir"
)

func newAudit() *cobra.Command {
	var config auditConfig
	c := &cobra.Command{
		Use:     "audit",
		GroupID: groupBank,
		Short:   "Check the whole log, the views and immudb's proofs",
		Long: `Read the whole log and hold the bank against its laws: positions and versions
without gaps, every event balanced, every balance the sum of its account's
amounts and never below its limit, every idempotency key used once, the views
equal to the log, and immudb's history proven from its first transaction to the
last. The bank may serve meanwhile: views are compared at the position that they
show, the log is read up to where it ends when the audit begins.

immudb alone cannot show that nobody replaced its whole history. So the state
that a successful audit proved is kept in --state, and the next audit proves
that the history goes on from there. Keep a copy of that file where nobody who
can write to immudb can write.

Of a log with several partitions, all their histories are proven, and that of
their order, and that each event has one place in it.

The exit code is 0 only if everything holds. The result is also noted in immudb,
for the query systemStatus, if --immudb-user may write there.

` + viewsHelp,
		Example: `  # The bank that runs on .corebank
  corebank audit

  # Any other bank, with a report for machines
  corebank audit --immudb 127.0.0.1:3322 --immudb-password-file writer.txt \
    --views views.db --state /mnt/elsewhere/audited.json --json`,
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := config.check(); err != nil {
				return err
			}
			return work(func(ctx context.Context, log *slog.Logger) error {
				if err := config.find(); err != nil {
					return err
				}
				report, err := config.audit(ctx, newAuditDisplay(c.ErrOrStderr()), log)
				if report != nil {
					err = errors.Join(config.write(c, *report), err)
				}
				return err
			})(c, arguments)
		},
	}
	flags := c.Flags()
	flags.StringVar(&config.data, "data", ".corebank", "directory of the bank that \"corebank up\" runs, unless --immudb is given")
	flags.StringVar(&config.immudb.Address, "immudb", "", "address of the immudb server, instead of --data")
	flags.StringVar(&config.immudb.Database, "immudb-database", "corebank", "database of the log")
	flags.StringSliceVar(&config.addresses, "partition-immudb", nil, "addresses of the partitions' immudb servers, in order, where they are others than --immudb")
	partitionsFlag(c, &config.partitions)
	flags.StringVar(&config.immudb.User, "immudb-user", "eventsource", "user who may read the log")
	flags.StringVar(&config.passwordFile, "immudb-password-file", "", "file with that user's password; with --data, the bank's own. With --partitions, the partitions' have -1 and so on behind this name")
	flags.StringVar(&config.state, "state", "", "file of the last audited state of immudb; with --data, audited.json in it")
	flags.BoolVar(&config.json, "json", false, "report for machines")
	viewsFlag(c, &config.views)
	return c
}

// auditConfig says what is audited.
type auditConfig struct {
	data         string
	immudb       immudb.Config
	passwordFile string
	views        viewstore.Config
	state        string
	json         bool

	partitions int
	addresses  []string // of their immudb servers, where they are others
	passwords  []string // of their users
}

// check refuses what cannot be meant.
func (c *auditConfig) check() error {
	c.views = withMongo(c.views)
	if err := checkPartitions(c.partitions); err != nil {
		return err
	}
	if c.immudb.Address == "" {
		return nil
	}
	switch {
	case c.passwordFile == "":
		return errors.New("--immudb needs --immudb-password-file")
	case c.views.SQLite == "" && c.views.MongoURI == "":
		return errors.New("--immudb needs --views, or MONGODB_URI")
	}
	return nil
}

// find takes what the flags leave open from the bank's directory, and reads
// the password.
func (c *auditConfig) find() (err error) {
	if c.immudb.Address == "" {
		if err := c.findBank(); err != nil {
			return err
		}
	}
	if c.immudb.Password, err = readSecret("immudb-password-file", c.passwordFile); err != nil {
		return err
	}
	for i := range contract.PartitionApps(c.partitions) {
		password, err := readSecret("immudb-password-file", fmt.Sprintf("%s-%d", c.passwordFile, i+1))
		if err != nil {
			return err
		}
		c.passwords = append(c.passwords, password)
	}
	return nil
}

func (c *auditConfig) findBank() error {
	running, err := datadir.ReadRunning(c.data)
	if errors.Is(err, datadir.ErrNeverRan) {
		return fmt.Errorf("%w; give the directory of a bank, or --immudb host:port", err)
	}
	if err != nil {
		return err
	}
	data := datadir.Dir{Path: c.data}
	c.immudb.Address = running.Immudb
	if has, err := datadir.ReadPartitions(c.data); err != nil {
		return err
	} else if has > 0 {
		c.partitions = has
	}
	for file, known := range map[*string]string{
		&c.passwordFile: data.WriterPassword(0), &c.views.SQLite: data.Views(), &c.state: data.Audited(),
	} {
		if *file == "" {
			*file = known
		}
	}
	return nil
}

// write writes the report. A report of faults is an error.
func (c *auditConfig) write(command *cobra.Command, r audit.Report) error {
	out := command.OutOrStdout()
	var err error
	if c.json {
		err = r.WriteJSON(out)
	} else {
		_, err = fmt.Fprint(out, r)
	}
	if err == nil && !r.OK {
		err = fmt.Errorf("the audit found faults: %d", r.FindingsTotal)
	}
	return err
}
