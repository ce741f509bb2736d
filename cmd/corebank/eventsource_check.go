package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/jetstream"
)

// check refuses flags that make no sense and adds the names of a partition.
func (g *eventSourceFlags) check(c *cobra.Command) (err error) {
	log := &g.config.Immudb
	if !c.Flags().Changed("immudb-database") {
		log.Database = immudb.NameOfPartition(log.Database, g.partition)
	}
	if !c.Flags().Changed("immudb-user") {
		log.User = immudb.NameOfPartition(log.User, g.partition)
	}
	if log.Partition, err = readPartition(g.partition, g.partitions); err != nil {
		return err
	}
	return checkCopies(log, g.adminPasswordFile)
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
	g.config.EventSources = len(g.eventSources)
	g.config.DiskFloor = g.diskFloor << 20
	g.config.Broker = jetstream.Probe(g.broker)
	g.config.Lease, err = openLease(g.leaseName(), g.broker, g.config.Health)
	return err
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
