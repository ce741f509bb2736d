package eventsource

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/metrics"
)

// auditEvery is how often the result of the last audit is read. auditTimeout bounds the read.
const (
	auditEvery   = 15 * time.Second
	auditTimeout = 5 * time.Second
)

// AuditMetrics show the last audit of the log. Every audit saves its result in the log's database, wherever it ran.
type AuditMetrics struct{ at, position, findings, ok prometheus.Gauge }

// NewAuditMetrics show that there was no audit, until Watch.
func NewAuditMetrics() *AuditMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return &AuditMetrics{
		at: gauge("corebank_audit_timestamp_seconds", "When the last complete audit began; 0 if there was none."),
		position: gauge("corebank_audit_position",
			"The last position that the last audit has seen."),
		findings: gauge("corebank_audit_findings", "What the last audit found to be wrong."),
		ok:       gauge("corebank_audit_ok", "1 if the last audit found nothing wrong."),
	}
}

// Collectors are what Prometheus shows.
func (m *AuditMetrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.at, m.position, m.findings, m.ok}
}

// Watch reads the last audit again and again until ctx ends. What is known stays while it cannot be read.
func (m *AuditMetrics) Watch(ctx context.Context, log interface {
	LastAudit(context.Context) (*contract.Audit, error)
}) {
	for {
		reading, cancel := context.WithTimeout(ctx, auditTimeout)
		audit, err := log.LastAudit(reading)
		cancel()
		if err == nil && audit != nil {
			m.show(*audit)
		}
		if !app.Pause(ctx, auditEvery) {
			return
		}
	}
}

func (m *AuditMetrics) show(audit contract.Audit) {
	m.at.Set(float64(audit.At.Unix()))
	m.position.Set(float64(audit.Position))
	m.findings.Set(float64(audit.Findings))
	m.ok.Set(metrics.Bool(audit.OK))
}
