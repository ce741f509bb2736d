package main

import (
	"github.com/spf13/cobra"

	"corebank/eventsource/immudb"
	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
)

// logFlags adds the flags of the commands that read the log from outside of the bank.
func logFlags(c *cobra.Command, config *storedlog.Config) {
	flags := c.Flags()
	flags.StringVar(&config.Data, "data", datadir.Default,
		"directory of the bank that \"corebank up\" runs, unless --immudb is given")
	flags.StringVar(&config.Immudb.Address, "immudb", "", "address of the immudb server, instead of --data; of several "+
		"machines with copies of the log, all with commas between them: the one that takes the commits is read")
	flags.StringVar(&config.Immudb.Database, "immudb-database", immudb.DefaultDatabase, "database of the log")
	flags.StringSliceVar(&config.Addresses, "partition-immudb", nil,
		"addresses of the partitions' immudb servers, in order, if they are not --immudb")
	partitionsFlag(c, &config.Partitions)
	flags.StringVar(&config.Immudb.User, "immudb-user", immudb.DefaultUser, "user who may read the log")
	flags.StringVar(&config.PasswordFile, "immudb-password-file", "",
		"file with that user's password; with --data, the bank's own file. "+
			"With --partitions, the files of the partitions have this name with -1 and so on")
}
