package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/eventsource"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/jetstream"
)

// eventSourceFlags are the flags of `corebank eventsource`.
type eventSourceFlags struct {
	config                eventsource.Config
	broker                string
	passwordFile          string
	adminPasswordFile     string
	appendTokenFile       string
	diskFloor             uint64 // MiB
	partitions, partition int
}

func newEventSource() *cobra.Command {
	var given eventSourceFlags
	c := &cobra.Command{
		Use:     "eventsource",
		GroupID: groupApps,
		Short:   "Keep the event log in immudb and publish from it",
		Long: `Run the log app beside its Dapr sidecar: it appends events to immudb, answers
when they are durable, and publishes them in order to the topic.

Exactly one event source writes a log: when another one starts, it becomes the
writer, and the one before stops. If the administrator's password is given, a
missing database and its user are made.

With --partitions above 1, accounts are spread over partitions, each with a
database and an event source of its own: --partition is the number of this one,
and its app id is "eventsource-1" and so on. These do not publish. The event
source without --partition is the sequencer: it reads the partitions, gives each
event its position in the whole log, publishes, and serves readers of the whole
log. See docs/partitions.md.

The sidecar (app id "eventsource") is found by DAPR_GRPC_ENDPOINT, or by
DAPR_GRPC_PORT on this machine. It calls the app at --listen, which must be its
--app-port. With APP_API_TOKEN in the environment of both, the app accepts calls
of its sidecar only.`,
		Example: `  # The sidecar in one terminal, the app in another
  daprd --app-id eventsource --app-port 7400 --app-protocol grpc --dapr-grpc-port 50003 --resources-path components
  DAPR_GRPC_PORT=50003 corebank eventsource --listen 127.0.0.1:7400 \
    --immudb 127.0.0.1:3322 --immudb-password-file writer.txt --immudb-admin-password-file admin.txt

  # The first of two partitions, beside its sidecar "eventsource-1"
  DAPR_GRPC_PORT=50013 corebank eventsource --partitions 2 --partition 1 \
    --listen 127.0.0.1:7410 --health 127.0.0.1:7411 \
    --immudb 127.0.0.1:3322 --immudb-password-file writer-1.txt --immudb-admin-password-file admin.txt --state-dir one`,
		PreRunE: func(c *cobra.Command, _ []string) error { return given.check(c) },
		RunE: work(func(ctx context.Context, log *slog.Logger) error {
			if err := given.read(); err != nil {
				return err
			}
			return eventsource.Run(ctx, given.config, log)
		}),
	}
	given.add(c)
	return c
}

func (g *eventSourceFlags) add(c *cobra.Command) {
	flags, config := c.Flags(), &g.config
	flags.StringVar(&config.Listen, "listen", "127.0.0.1:7400", "address that the sidecar calls the app on")
	flags.StringVar(&config.Health, "health", "127.0.0.1:7401", "address of /healthz and /readyz")
	flags.StringVar(&config.Immudb.Address, "immudb", "127.0.0.1:3322", "address of the immudb server")
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
	require(c, "immudb-password-file")
}

// check refuses flags that make no sense and adds the names of a partition.
func (g *eventSourceFlags) check(c *cobra.Command) (err error) {
	log := &g.config.Immudb
	if !c.Flags().Changed("immudb-database") {
		log.Database = immudb.NameOfPartition(log.Database, g.partition)
	}
	if !c.Flags().Changed("immudb-user") {
		log.User = immudb.NameOfPartition(log.User, g.partition)
	}
	log.Partition, err = readPartition(g.partition, g.partitions)
	return err
}

// read reads the secrets.
func (g *eventSourceFlags) read() (err error) {
	if g.config.Immudb.Password, err = readSecret("immudb-password-file", g.passwordFile); err != nil {
		return err
	}
	if g.config.Immudb.AdminPassword, err = readSecret("immudb-admin-password-file", g.adminPasswordFile); err != nil {
		return err
	}
	if g.config.AppendToken, err = readSecret("append-token-file", g.appendTokenFile); err != nil {
		return err
	}
	g.config.DiskFloor = g.diskFloor << 20
	g.config.Broker = jetstream.Probe(g.broker)
	return nil
}

// readPartition is the partition of the flags.
func readPartition(partition, partitions int) (storage.Partition, error) {
	switch err := checkPartitions(partitions); {
	case err != nil:
		return storage.Partition{}, err
	case partition < 0 || partition > partitions || partition > 0 && partitions == 1:
		return storage.Partition{}, fmt.Errorf(
			"--partition %d of %d: want 1 to --partitions, which must be above 1, or no --partition", partition, partitions)
	case partitions == 1:
		return storage.Partition{}, nil
	}
	return storage.Partition{Number: partition, Of: partitions}, nil
}
