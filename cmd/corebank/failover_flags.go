package main

import (
	"errors"

	"github.com/spf13/cobra"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
)

// failoverFlags are the flags of `corebank failover`.
type failoverFlags struct {
	config                          immudb.Config
	passwordFile, adminPasswordFile string
	partitions                      int
	wish                            copies.Wish
	dryRun                          bool
}

func (f *failoverFlags) add(c *cobra.Command) {
	flags := c.Flags()
	copiesFlags(c, &f.config)
	flags.StringVar(&f.config.Database, "immudb-database", immudb.DefaultDatabase,
		"database of the log; those of partitions end in _1 and so on")
	flags.StringVar(&f.config.User, "immudb-user", immudb.DefaultUser,
		"user who writes the log; those of partitions end in _1 and so on")
	flags.StringVar(&f.passwordFile, "immudb-password-file", "",
		"file with that user's password. With --partitions, the files of the partitions have this name with -1 and so on")
	flags.StringVar(&f.adminPasswordFile, "immudb-admin-password-file", "",
		"file with the password of immudb's administrator, the same on all machines")
	partitionsFlag(c, &f.partitions)
	flags.StringVar(&f.wish.To, "to", "",
		"address of the machine that takes over, also from one that works; by default the one that has the most")
	flags.BoolVar(&f.wish.ForceLoss, "force-loss", false,
		"go on although records that were acknowledged may be lost; without it, a refusal says which")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only say what every machine has, and what would be done")
	require(c, "immudb", "immudb-password-file", "immudb-admin-password-file")
}

func (f *failoverFlags) check() error {
	if err := checkPartitions(f.partitions); err != nil {
		return err
	}
	if len(f.config.Addresses) < 2 {
		return errors.New("--immudb: give the addresses of all machines that have copies of the log, with commas")
	}
	return checkCopies(&f.config, f.adminPasswordFile)
}

// read reads the secrets, for each database of the log.
func (f *failoverFlags) read() (parts []immudb.Config, err error) {
	if f.config.AdminPassword, err = readSecret("immudb-admin-password-file", f.adminPasswordFile); err != nil {
		return nil, err
	}
	return f.config.Parts(f.partitions, func(suffix string) (string, error) {
		return readSecret("immudb-password-file", f.passwordFile+suffix)
	})
}
