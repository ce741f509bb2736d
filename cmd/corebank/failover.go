package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
)

// failover is what the flags of `corebank failover` give.
type failover struct {
	config                          immudb.Config
	passwordFile, adminPasswordFile string
	partitions                      int
	wish                            copies.Wish
	dryRun                          bool
}

func newFailover() *cobra.Command {
	var given failover
	c := &cobra.Command{
		Use:     "failover",
		GroupID: groupBank,
		Short:   "Let another machine's copy of the log take the commits, and explain each step",
	}
	c.RunE = checked(func(c *cobra.Command, _ []string) error { return given.check() },
		work(func(ctx context.Context, log *slog.Logger) error {
			return given.run(ctx, log, func(line string) { fmt.Fprintln(c.OutOrStdout(), line) })
		}))
	flags := c.Flags()
	copiesFlags(c, &given.config)
	flags.StringVar(&given.config.Database, "immudb-database", immudb.DefaultDatabase,
		"database of the log; those of partitions end in _1 and so on")
	flags.StringVar(&given.config.User, "immudb-user", immudb.DefaultUser,
		"user who writes the log; those of partitions end in _1 and so on")
	flags.StringVar(&given.passwordFile, "immudb-password-file", "",
		"file with that user's password. With --partitions, the files of the partitions have this name with -1 and so on")
	flags.StringVar(&given.adminPasswordFile, "immudb-admin-password-file", "",
		"file with the password of immudb's administrator, the same on all machines")
	partitionsFlag(c, &given.partitions)
	flags.StringVar(&given.wish.To, "to", "",
		"address of the machine that is to take the commits, also if another one does; by default, if none does, the one "+
			"that has the most")
	flags.BoolVar(&given.wish.ForceLoss, "force-loss", false,
		"go on although records that were acknowledged may be lost; without it, a refusal says which")
	flags.BoolVar(&given.dryRun, "dry-run", false, "only tell what every machine has, and what would be done")
	require(c, "immudb", "immudb-password-file", "immudb-admin-password-file")
	return c
}

func (f *failover) check() error {
	if err := checkPartitions(f.partitions); err != nil {
		return err
	}
	if err := checkCopies(&f.config); err != nil {
		return err
	}
	if len(f.config.Addresses) < 2 {
		return errors.New("--immudb: give the addresses of all machines that have copies of the log, with commas between them")
	}
	return nil
}

// run goes through the databases of the log: one or, of several partitions, theirs and that of their order.
func (f *failover) run(ctx context.Context, log *slog.Logger, say func(string)) (err error) {
	if f.config.AdminPassword, err = readSecret("immudb-admin-password-file", f.adminPasswordFile); err != nil {
		return err
	}
	last := f.partitions
	if last == 1 {
		last = 0
	}
	for number := 0; number <= last; number++ {
		config, file := f.config, f.passwordFile
		config.Database = immudb.NameOfPartition(f.config.Database, number)
		config.User = immudb.NameOfPartition(f.config.User, number)
		if number > 0 {
			file = fmt.Sprintf("%s-%d", file, number)
		}
		if config.Password, err = readSecret("immudb-password-file", file); err != nil {
			return err
		}
		if last > 0 {
			say("database " + config.Database + ":")
		}
		if err := immudb.NewMachines(config, log).Failover(ctx, f.wish, f.dryRun, say); err != nil {
			return err
		}
	}
	return nil
}
