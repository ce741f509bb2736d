package main

import (
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/internal/jetstream"
	"corebank/internal/lease"
)

// leaseFlag adds the flag of event sources that stand by for each other.
func leaseFlag(c *cobra.Command, name *string) {
	c.Flags().StringVar(name, "lease", "", "name of a lease at --broker: of several event sources of one log that have "+
		"it, one works, and the others stand by to take its place")
}

// openLease opens the lease of several event sources.
func (g *eventSourceFlags) openLease() error {
	if g.lease == "" {
		return nil
	}
	store, err := jetstream.OpenLease(g.broker, g.lease)
	if err != nil {
		return err
	}
	host, _ := os.Hostname() // only tells people who it is
	g.config.Lease = lease.New(store, host+" "+g.config.Health, slog.Default())
	return nil
}

// checkLease refuses a lease that cannot be had.
func (g *eventSourceFlags) checkLease() error {
	switch {
	case g.lease == "":
		return nil
	case g.broker == "":
		return errors.New("--lease needs --broker: the lease is there")
	case g.partitions > 1:
		return errors.New("--lease and --partitions: only a log with one partition has event sources that stand by")
	}
	return nil
}
