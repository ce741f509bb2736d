package main

import (
	"github.com/spf13/cobra"

	"corebank/internal/metrics"
)

// metricsFlags adds the flags of what an app shows Prometheus.
func metricsFlags(c *cobra.Command, config *metrics.Config) {
	c.Flags().StringVar(&config.Address, "metrics", "",
		"address of /metrics for Prometheus, which only those who watch the bank should reach; without it, there is none")
	c.Flags().StringSliceVar(&config.Certificates, "metrics-certificates", nil,
		"files of certificates, in PEM, whose ends are among the metrics")
}
