package lease

import (
	"github.com/prometheus/client_golang/prometheus"

	"corebank/internal/metrics"
)

// Metrics are what Prometheus shows of a lease; nothing of none.
func (l *Lease) Metrics() []prometheus.Collector {
	if l == nil {
		return nil
	}
	return []prometheus.Collector{metrics.Gauge("corebank_lease_held",
		"1 while this process has the lease, and works; 0 while it stands by. Only of an app with --lease.",
		func() float64 { return metrics.Bool(l.held.Load()) })}
}
