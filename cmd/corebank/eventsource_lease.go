package main

import (
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/internal/jetstream"
	"corebank/internal/lease"
)

// leaseFlag adds the flag of apps that stand by for each other.
func leaseFlag(c *cobra.Command, name *string) {
	c.Flags().StringVar(name, "lease", "", "name of a lease at --broker: of several of this app that have it, one works, "+
		"and the others stand by to take its place")
}

// openLease opens a lease at a broker, for the app with a health address; nil without a name.
func openLease(name, broker, health string) (*lease.Lease, error) {
	switch {
	case name == "":
		return nil, nil
	case broker == "":
		return nil, errors.New("--lease needs --broker: the lease is there")
	}
	store, err := jetstream.OpenLease(broker, name)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname() // only tells people who it is
	return lease.New(store, host+" "+health, slog.Default()), nil
}

// checkLease refuses a lease that cannot be had.
func (g *eventSourceFlags) checkLease() error {
	if g.lease != "" && g.partitions > 1 {
		return errors.New("--lease and --partitions: only a log with one partition has event sources that stand by")
	}
	return nil
}
