package eventsource

import (
	"github.com/prometheus/client_golang/prometheus"

	"corebank/eventsource/immudb"
	"corebank/internal/metrics"
)

// copyMetrics shows which machines have the log. Their addresses are what the operator has configured.
type copyMetrics struct {
	states                   func() []immudb.CopyState
	present, primary, behind *prometheus.Desc
}

// CopyMetrics are what Prometheus shows of a log on several machines.
func CopyMetrics(states func() []immudb.CopyState) prometheus.Collector {
	of := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"machine"}, nil)
	}
	return &copyMetrics{states: states,
		present: of("corebank_copy_present", "1 while a machine answers and has a copy of the log."),
		primary: of("corebank_copy_primary", "1 while a machine is the one that takes commits."),
		behind: of("corebank_copy_behind_transactions",
			"How many transactions of the primary a machine does not have.")}
}

// Describe implements prometheus.Collector.
func (c *copyMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- c.present
	to <- c.primary
	to <- c.behind
}

// Collect implements prometheus.Collector.
func (c *copyMetrics) Collect(to chan<- prometheus.Metric) {
	gauge := func(of *prometheus.Desc, value float64, machine string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value, machine)
	}
	for _, state := range c.states() {
		gauge(c.present, metrics.Bool(state.Present), state.Address)
		gauge(c.primary, metrics.Bool(state.Primary), state.Address)
		if state.Present {
			gauge(c.behind, float64(state.Behind), state.Address)
		}
	}
}
