package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Other is the label value of everything that is not in a closed set.
const Other = "other"

// Counters has a counter for each value of a closed set, and one for all others. All of them exist from the start, so
// that counting allocates nothing and an increase from nothing is seen.
type Counters[V ~string] struct {
	prometheus.Collector
	by    map[V]prometheus.Counter
	other prometheus.Counter
}

// NewCounters makes a counter for each value of a label.
func NewCounters[V ~string](name, help, label string, values []V) *Counters[V] {
	vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	return newCounters(vector, label, values)
}

func newCounters[V ~string](vector *prometheus.CounterVec, label string, values []V) *Counters[V] {
	c := &Counters[V]{Collector: vector, by: make(map[V]prometheus.Counter, len(values)),
		other: vector.With(prometheus.Labels{label: Other})}
	for _, value := range values {
		c.by[value] = vector.With(prometheus.Labels{label: string(value)})
	}
	return c
}

// CurryCounters makes the counters of one more label of a vector, whose other labels have values already.
func CurryCounters[V ~string](vector *prometheus.CounterVec, of prometheus.Labels, label string,
	values []V) *Counters[V] {
	return newCounters(vector.MustCurryWith(of), label, values)
}

// Of is the counter of a value.
func (c *Counters[V]) Of(value V) prometheus.Counter {
	if one, known := c.by[value]; known {
		return one
	}
	return c.other
}

// Table has a counter for each pair of two closed sets.
type Table[Row, V ~string] struct {
	prometheus.Collector
	rows  map[Row]*Counters[V]
	other *Counters[V]
}

// NewTable makes a counter for each row of the first label and each value of the second.
func NewTable[Row, V ~string](name, help string, labels [2]string, rows []Row, values []V) *Table[Row, V] {
	vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels[:])
	t := &Table[Row, V]{Collector: vector, rows: make(map[Row]*Counters[V], len(rows))}
	for _, row := range append(slices.Clone(rows), Other) {
		of := vector.MustCurryWith(prometheus.Labels{labels[0]: string(row)})
		t.rows[row] = newCounters(of, labels[1], values)
	}
	t.other = t.rows[Other]
	return t
}

// Row has the counters of a row.
func (t *Table[Row, V]) Row(row Row) *Counters[V] {
	if of, known := t.rows[row]; known {
		return of
	}
	return t.other
}

// Gauge is read when Prometheus asks.
func Gauge(name, help string, read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
}

// Histogram counts what is observed in buckets.
func Histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

// Total counts one thing.
func Total(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

// Bool is 1 for true.
func Bool(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// Seconds are the buckets of times from a millisecond to the longest that a client waits.
func Seconds() []float64 {
	return []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 12}
}

// Sizes are the buckets of how many things are in one.
func Sizes() []float64 { return prometheus.ExponentialBuckets(1, 2, 11) }

// Cache counts how often a cache had what was looked for.
type Cache struct{ Hits, Misses prometheus.Counter }

// NewCache makes the counters of a cache.
func NewCache(name string) Cache {
	counter := func(result, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "corebank_cache_" + result + "_total", Help: help,
			ConstLabels: prometheus.Labels{"cache": name}})
	}
	return Cache{Hits: counter("hits", "Look-ups that found what they looked for in a cache."),
		Misses: counter("misses", "Look-ups that did not find what they looked for in a cache.")}
}

// Count counts one look-up.
func (c Cache) Count(hit bool) {
	if hit {
		c.Hits.Inc()
	} else {
		c.Misses.Inc()
	}
}

// Collectors are the counters.
func (c Cache) Collectors() []prometheus.Collector { return []prometheus.Collector{c.Hits, c.Misses} }
