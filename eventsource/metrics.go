package eventsource

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/metrics"
)

// commitResult says what became of a commit.
type commitResult string

const (
	commitStored   commitResult = "stored"
	commitMoved    commitResult = "moved" // nothing was stored, and it is decided once more
	commitFenced   commitResult = "fenced"
	commitDoubtful commitResult = "unknown"
)

// writerMetrics is what a writer counts.
type writerMetrics struct {
	appends             *metrics.Counters[contract.AppendStatus]
	commits             *metrics.Counters[commitResult]
	seconds, wait       prometheus.Histogram
	records, together   prometheus.Histogram
	heads               metrics.Cache
	diskFree, diskFloor prometheus.Gauge
}

func newWriterMetrics() *writerMetrics {
	return &writerMetrics{
		appends: metrics.NewCounters("corebank_appends_total", "Appends, by what became of them.",
			"status", contract.AppendStatuses()),
		commits: metrics.NewCounters("corebank_commits_total", "Commits to immudb, by their result.", "result",
			[]commitResult{commitStored, commitMoved, commitFenced, commitDoubtful}),
		seconds: metrics.Histogram("corebank_commit_seconds", "How long a commit to immudb takes until it is durable.",
			metrics.Seconds()),
		wait: metrics.Histogram("corebank_append_wait_seconds", "How long an append waits for its commit to begin.",
			metrics.Seconds()),
		records: metrics.Histogram("corebank_commit_records", "Events in one commit; their sum is all that was stored.",
			metrics.Sizes()),
		together: metrics.Histogram("corebank_commit_appends", "Appends that share one commit.", metrics.Sizes()),
		heads:    metrics.NewCache("stream_heads"),
		diskFree: prometheus.NewGauge(prometheus.GaugeOpts{Name: "corebank_disk_free_bytes",
			Help: "Free bytes on the disk of immudb; 0 if --disk does not name it."}),
		diskFloor: prometheus.NewGauge(prometheus.GaugeOpts{Name: "corebank_disk_floor_bytes",
			Help: "With fewer free bytes on that disk, commands are refused."}),
	}
}

// WriterMetrics are what Prometheus shows of a writer. epoch is its number as a writer, 0 before it was one.
func WriterMetrics(w *Writer, epoch func() int64) []prometheus.Collector {
	m := w.metrics
	return slices.Concat(logMetrics(w, epoch), m.heads.Collectors(), []prometheus.Collector{
		m.appends, m.commits, m.seconds, m.wait, m.records, m.together, m.diskFree, m.diskFloor,
		metrics.Gauge("corebank_appends_waiting", "Appends that wait for a commit.",
			func() float64 { return float64(len(w.queue)) }),
		metrics.Gauge("corebank_appends_waiting_limit", "One append more than this is refused at once.",
			func() float64 { return queueLength }),
		metrics.Gauge("corebank_log_halted", "1 while appends are refused until an operator repairs something.",
			func() float64 { return metrics.Bool(w.halted.Load() != nil) }),
	})
}

// SequencerMetrics are what Prometheus shows of a sequencer and its relay.
func SequencerMetrics(s *sequencer.Sequencer, r *Relay, epoch func() int64) []prometheus.Collector {
	return slices.Concat(logMetrics(s, epoch), r.Metrics(), []prometheus.Collector{newPartitionMetrics(s.Partitions)})
}

// partitionMetrics shows how far a sequencer is with each partition.
type partitionMetrics struct {
	states          func() []contract.PartitionStatus
	lag, unreadable *prometheus.Desc
}

func newPartitionMetrics(states func() []contract.PartitionStatus) *partitionMetrics {
	of := []string{"of"}
	return &partitionMetrics{states: states,
		lag: prometheus.NewDesc("corebank_sequencer_lag_records",
			"Events of a partition that have no position in the whole log yet.", of, nil),
		unreadable: prometheus.NewDesc("corebank_sequencer_partition_unreadable",
			"1 while the sequencer cannot read a partition.", of, nil)}
}

// Describe implements prometheus.Collector.
func (p *partitionMetrics) Describe(to chan<- *prometheus.Desc) { to <- p.lag; to <- p.unreadable }

// Collect implements prometheus.Collector.
func (p *partitionMetrics) Collect(to chan<- prometheus.Metric) {
	for _, state := range p.states() {
		of := strconv.Itoa(state.Number)
		to <- prometheus.MustNewConstMetric(p.lag, prometheus.GaugeValue, float64(state.Head-state.Ordered), of)
		to <- prometheus.MustNewConstMetric(p.unreadable, prometheus.GaugeValue, metrics.Bool(state.Problem != ""), of)
	}
}

// began counts what waits no longer.
func (m *writerMetrics) began(b *batch) {
	now := time.Now()
	for _, p := range b.appends {
		m.wait.Observe(now.Sub(p.queued).Seconds())
	}
	m.heads.Hits.Add(float64(b.hits))
	m.heads.Misses.Add(float64(b.misses))
}

// committed counts a commit that began at a time.
func (m *writerMetrics) committed(b *batch, began time.Time, err error) {
	switch {
	case errors.Is(err, storage.ErrFenced):
		m.commits.Of(commitFenced).Inc()
	case errors.Is(err, storage.ErrHeadMoved):
		m.commits.Of(commitMoved).Inc()
	case err != nil:
		m.commits.Of(commitDoubtful).Inc()
	default:
		m.commits.Of(commitStored).Inc()
		m.seconds.Observe(time.Since(began).Seconds())
		m.records.Observe(float64(len(b.records)))
		m.together.Observe(float64(len(b.appends)))
	}
}

// answered counts the answers to appends.
func (m *writerMetrics) answered(results []contract.AppendResult) {
	for i := range results {
		m.appends.Of(results[i].Status).Inc()
	}
}

// logMetrics are what Prometheus shows of a log that a writer or a sequencer has.
func logMetrics(log source, epoch func() int64) []prometheus.Collector {
	return []prometheus.Collector{
		metrics.Gauge("corebank_log_head_position", "The last durable position of the log that this event source knows.",
			func() float64 { return float64(log.Head()) }),
		metrics.Gauge("corebank_log_held", "1 while this event source is the one that writes the log.",
			func() float64 { readiness := log.Ready(); return metrics.Bool(readiness.Ready || readiness.ReadOnly) }),
		metrics.Gauge("corebank_log_epoch", "The number of this event source as a writer: the highest one may write.",
			func() float64 { return float64(epoch()) }),
	}
}

// relayMetrics is what a relay counts.
type relayMetrics struct {
	messages, failures prometheus.Counter
	seconds            prometheus.Histogram
}

func newRelayMetrics() *relayMetrics {
	return &relayMetrics{
		messages: metrics.Total("corebank_relay_messages_total", "Messages that the broker has taken."),
		failures: metrics.Total("corebank_relay_failures_total", "Interruptions of the relay, after which it tries again."),
		seconds: metrics.Histogram("corebank_relay_publish_seconds", "How long the broker takes to take a message.",
			metrics.Seconds()),
	}
}

// Metrics are what Prometheus shows of a relay.
func (r *Relay) Metrics() []prometheus.Collector {
	return []prometheus.Collector{r.metrics.messages, r.metrics.failures, r.metrics.seconds,
		metrics.Gauge("corebank_relay_position", "The last position that the broker has.",
			func() float64 { return float64(r.Published()) }),
		metrics.Gauge("corebank_relay_lag_records", "Events that are durable and not yet published.",
			func() float64 { return float64(max(0, r.writer.Head()-r.Published())) }),
	}
}
