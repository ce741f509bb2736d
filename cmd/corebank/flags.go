package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"corebank/internal/contract"
)

// require marks flags that have no sensible default.
func require(c *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := c.MarkFlagRequired(flag); err != nil {
			panic(err) // the flag is missing: a mistake in this program
		}
	}
}

// hide leaves flags that are for tests out of the help.
func hide(c *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := c.Flags().MarkHidden(flag); err != nil {
			panic(err) // the flag is missing: a mistake in this program
		}
	}
}

// partitionsFlag adds the flag of the commands that must know how the log is
// divided.
func partitionsFlag(c *cobra.Command, partitions *int) {
	c.Flags().IntVar(partitions, "partitions", 1,
		fmt.Sprintf("how many partitions the log has, 1 to %d; fixed when the bank is made", contract.MaxPartitions))
}

// checkPartitions refuses a wrong value of partitionsFlag.
func checkPartitions(partitions int) error {
	if err := contract.CheckPartitions(partitions); err != nil {
		return fmt.Errorf("--partitions: %w", err)
	}
	return nil
}

// appendTokenFlag adds the flag of the apps that append to the log and store it.
func appendTokenFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "append-token-file", "",
		"file with the token for appending to the log, which only the actors have; the event source refuses other callers")
}

// brokerFlag adds the flag of an app that watches the broker.
func brokerFlag(c *cobra.Command, url *string) {
	c.Flags().StringVar(url, "broker", "", "URL of the NATS server: when the sidecar has given up on it after an outage "+
		"and it answers again, the sidecar is ended, so that its supervisor starts it again")
}

// eventSourcesFlag adds the flag of the apps that ask event sources.
func eventSourcesFlag(c *cobra.Command, apps *[]string) {
	c.Flags().StringSliceVar(apps, "event-sources", []string{contract.AppEventSource},
		"app ids of the event sources of the log on several machines: one works, and the others stand by")
}
