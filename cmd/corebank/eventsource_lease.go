package main

import (
	"errors"
	"fmt"
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

// leaseName is the name of the lease of this part of a log: each partition has one of its own.
func (g *eventSourceFlags) leaseName() string {
	if g.lease == "" || g.partition == 0 {
		return g.lease
	}
	return fmt.Sprintf("%s-%d", g.lease, g.partition)
}
