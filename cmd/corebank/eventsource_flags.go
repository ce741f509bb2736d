package main

import (
	"github.com/spf13/cobra"

	"corebank/eventsource"
	"corebank/eventsource/immudb"
)

// eventSourceFlags are the flags of `corebank eventsource`.
type eventSourceFlags struct {
	config                eventsource.Config
	broker, lease         string
	passwordFile          string
	adminPasswordFile     string
	appendTokenFile       string
	diskFloor             uint64 // MiB
	partitions, partition int
	eventSources          []string
}

func (g *eventSourceFlags) add(c *cobra.Command) {
	flags, config := c.Flags(), &g.config
	flags.StringVar(&config.Listen, "listen", "127.0.0.1:7400", "address that the sidecar calls the app on")
	flags.StringVar(&config.Health, "health", "127.0.0.1:7401", "address of /healthz and /readyz")
	metricsFlags(c, &config.Metrics)
	copiesFlags(c, &config.Immudb)
	flags.StringVar(&config.Immudb.Database, "immudb-database", immudb.DefaultDatabase,
		"database of the log; the default of a partition ends in _1 and so on")
	flags.StringVar(&config.Immudb.User, "immudb-user", immudb.DefaultUser,
		"user who writes the log; the default of a partition ends in _1 and so on")
	flags.StringVar(&g.passwordFile, "immudb-password-file", "",
		"file with that user's password: 8 to 32 characters with an upper and a lower case letter, "+
			"a digit and a special character")
	flags.StringVar(&g.adminPasswordFile, "immudb-admin-password-file", "",
		"file with the password of immudb's administrator, for making a missing database and user")
	flags.StringVar(&config.Immudb.StateDir, "state-dir", ".",
		"directory of files that can be lost: the index of idempotency keys, the state that immudb's client has verified")
	flags.StringVar(&config.Disk, "disk", "",
		"directory on immudb's disk, if it is a disk of this machine: commands are refused before that disk is full")
	flags.Uint64Var(&g.diskFloor, "disk-floor", 512, "MiB that are kept free on that disk")
	flags.StringVar(&config.DiskFloorFile, "disk-floor-file", "",
		"file with another number of MiB: while it exists, it changes --disk-floor of the running app")
	partitionsFlag(c, &g.partitions)
	flags.IntVar(&g.partition, "partition", 0,
		"number of the partition, from 1; 0 for the sequencer of several partitions")
	appendTokenFlag(c, &g.appendTokenFile)
	brokerFlag(c, &g.broker)
	leaseFlag(c, &g.lease)
	eventSourcesFlag(c, &g.eventSources)
	require(c, "immudb-password-file")
}
