package projector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corebank/internal/contract"
	"corebank/internal/metrics"
)

// projectorMetrics is what a projector counts.
type projectorMetrics struct {
	records, quarantined prometheus.Counter
	delay, seconds       prometheus.Histogram
}

func newProjectorMetrics() *projectorMetrics {
	return &projectorMetrics{
		records: metrics.Total("corebank_views_records_total", "Events that the views reflect since this process began."),
		quarantined: metrics.Total("corebank_views_quarantined_total",
			"Accounts whose views were quarantined since this process began; corebank replay repairs one."),
		delay: metrics.Histogram("corebank_views_delay_seconds",
			"From the decision of an event to the views that show it, for the last event of each message of the topic.",
			metrics.Seconds()),
		seconds: metrics.Histogram("corebank_views_apply_seconds", "How long one change of the views takes.",
			metrics.Seconds()),
	}
}

// Metrics are what Prometheus shows of a projector.
func (p *Projector) Metrics() []prometheus.Collector {
	m := p.metrics
	return append(p.cache.looked.Collectors(), m.records, m.quarantined, m.delay, m.seconds,
		metrics.Gauge("corebank_views_position", "The last position of the log that the views reflect.",
			func() float64 { return float64(p.Status().Position) }),
		metrics.Gauge("corebank_views_head_position", "The last position of the log that the projector has heard of.",
			func() float64 { return float64(p.Status().Head) }),
		metrics.Gauge("corebank_views_lag_records", "Events that the views do not reflect yet.",
			func() float64 { return float64(p.Status().Lag()) }),
		metrics.Gauge("corebank_views_failing", "1 while the last change of the views has failed.",
			func() float64 { return metrics.Bool(p.Status().Fault != nil) }),
		metrics.Gauge("corebank_views_rebuilding", "1 while the projector builds the views again by itself.",
			func() float64 { return metrics.Bool(p.Status().Rebuilding != "") }),
	)
}

// applied counts a change of the views that began at a time.
func (m *projectorMetrics) applied(records []contract.Record, fromLog bool, began time.Time) {
	now := time.Now()
	m.seconds.Observe(now.Sub(began).Seconds())
	m.records.Add(float64(len(records)))
	if !fromLog { // what the log says may be of any age
		m.delay.Observe(max(0, now.Sub(records[len(records)-1].At).Seconds()))
	}
}
