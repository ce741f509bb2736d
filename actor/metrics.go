package actor

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corebank/actor/saga"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/metrics"
)

// snapshotResult says what became of a snapshot.
type snapshotResult string

const (
	snapshotSaved   snapshotResult = "saved"
	snapshotDropped snapshotResult = "dropped" // too many waited
	snapshotFailed  snapshotResult = "failed"
)

// hostMetrics is what a host counts.
type hostMetrics struct {
	commands  *metrics.Table[string, contract.Status]
	refusals  *metrics.Counters[bank.Code]
	seconds   prometheus.Histogram
	together  prometheus.Histogram
	accounts  metrics.Cache
	snapshots *metrics.Counters[snapshotResult]
}

func newHostMetrics() *hostMetrics {
	var commands []string
	for _, o := range contract.Operations() {
		commands = append(commands, o.Command)
	}
	var codes []bank.Code
	for _, c := range bank.Codes() {
		codes = append(codes, c.Code)
	}
	return &hostMetrics{
		commands: metrics.NewTable("corebank_commands_total",
			"Commands that actors have answered, without dry runs, by what became of them.",
			[2]string{"command", "status"}, commands, contract.Statuses()),
		refusals: metrics.NewCounters("corebank_refusals_total",
			"Commands that actors have refused, without dry runs, by the first broken rule.", "code", codes),
		seconds: metrics.Histogram("corebank_turn_seconds", "How long an actor's turn takes, the append included.",
			metrics.Seconds()),
		together: metrics.Histogram("corebank_turn_commands", "Commands that share one turn.", metrics.Sizes()),
		accounts: metrics.NewCache("accounts"),
		snapshots: metrics.NewCounters("corebank_snapshots_total", "Snapshots of accounts, by what became of them.", "result",
			[]snapshotResult{snapshotSaved, snapshotDropped, snapshotFailed}),
	}
}

// Metrics are what Prometheus shows of a host.
func (h *Host) Metrics() []prometheus.Collector {
	m := h.metrics
	return slices.Concat(m.accounts.Collectors(), []prometheus.Collector{
		m.commands, m.refusals, m.seconds, m.together, m.snapshots,
		metrics.Gauge("corebank_actors", "Accounts whose actors are in memory here.",
			func() float64 { return float64(h.count()) }),
		metrics.Gauge("corebank_actors_limit", "With more accounts than this, the least used one is forgotten.",
			func() float64 { return accountsKept }),
		metrics.Gauge("corebank_snapshots_waiting", "Snapshots that wait to be saved.",
			func() float64 { return float64(len(h.snapshots.queue)) }),
	})
}

// answered counts a turn that began at a time.
func (m *hostMetrics) answered(batch contract.CommandBatch, outcomes []contract.Outcome, began time.Time) {
	m.seconds.Observe(time.Since(began).Seconds())
	m.together.Observe(float64(len(batch.Commands)))
	if batch.DryRun {
		return
	}
	for i := range outcomes {
		m.commands.Row(batch.Commands[i].Type).Of(outcomes[i].Status).Inc()
		if refusal := outcomes[i].Refusal; refusal != nil {
			m.refusals.Of(refusal.Code).Inc()
		}
	}
}

// TransferMetrics are what Prometheus shows of what completes the transfers.
func TransferMetrics(status func() saga.Status) []prometheus.Collector {
	return []prometheus.Collector{
		metrics.Gauge("corebank_transfers_open", "Transfers that have not ended yet, as far as this host knows.",
			func() float64 { return float64(status().Transfers) }),
		metrics.Gauge("corebank_holds_open", "Holds that will expire, as far as this host knows.",
			func() float64 { return float64(status().Holds) }),
		metrics.Gauge("corebank_transfers_position", "The last position of the log whose transfers this host knows.",
			func() float64 { return float64(status().Position) }),
		metrics.Gauge("corebank_transfers_waiting_seconds",
			"How long the transfer has waited that has made no progress for longest; 0 if none is open.",
			func() float64 { return status().Waiting.Seconds() }),
		metrics.Gauge("corebank_transfers_caught_up", "1 when this host completes transfers.",
			func() float64 { return metrics.Bool(status().CaughtUp) }),
	}
}
