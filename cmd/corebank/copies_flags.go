package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
)

// copiesFlags say on which machines the log is.
func copiesFlags(c *cobra.Command, config *immudb.Config) {
	c.Flags().StringSliceVar(&config.Addresses, "immudb", []string{"127.0.0.1:3322"},
		"address of the immudb server; of several machines with copies of the log, all addresses with commas between them, "+
			"the same for every process")
	c.Flags().IntVar(&config.Copies, "copies", 0,
		"machines that have an event on their disks before it is acknowledged; 0 means more than half of --immudb")
}

// checkCopies refuses copies and addresses that make no sense together.
func checkCopies(config *immudb.Config, adminPasswordFile string) error {
	if config.Copies == 0 {
		config.Copies = copies.DefaultCopies(len(config.Addresses))
	}
	if err := copies.Check(config.Copies, config.Addresses); err != nil {
		return fmt.Errorf("--copies %d --immudb %s: %w", config.Copies, strings.Join(config.Addresses, ","), err)
	}
	switch {
	case len(config.Addresses) == 1:
		config.Address, config.Addresses = config.Addresses[0], nil
	case adminPasswordFile == "":
		return errors.New("--immudb with several addresses needs --immudb-admin-password-file: " +
			"only immudb's administrator can tell a machine what to copy")
	}
	return nil
}
