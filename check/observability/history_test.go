package observability

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// scrapeEvery is how often the history scrapes.
const scrapeEvery = 15 * time.Second

// history is what Prometheus has of some registries that it has scraped again and again. It implements
// storage.Queryable.
type history struct {
	t      *testing.T
	now    time.Time
	series map[string]*scraped
}

type scraped struct {
	labels  labels.Labels
	samples []chunks.Sample
}

func newHistory(t *testing.T) *history {
	return &history{t: t, now: time.Now(), series: make(map[string]*scraped)}
}

// watch scrapes for a time that passes at once.
func (h *history) watch(d time.Duration, apps ...prometheus.Gatherer) {
	h.t.Helper()
	for end := h.now.Add(d); h.now.Before(end); h.now = h.now.Add(scrapeEvery) {
		for _, app := range apps {
			families, err := app.Gather()
			if err != nil {
				h.t.Fatal(err)
			}
			for _, family := range families {
				for _, one := range family.Metric {
					h.take(family.GetName(), one)
				}
			}
		}
	}
	h.now = h.now.Add(-scrapeEvery)
}

func (h *history) take(name string, one *dto.Metric) {
	switch {
	case one.Counter != nil:
		h.add(name, one, one.Counter.GetValue())
	case one.Gauge != nil:
		h.add(name, one, one.Gauge.GetValue())
	case one.Histogram != nil:
		for _, bucket := range one.Histogram.Bucket {
			h.add(name+"_bucket", one, float64(bucket.GetCumulativeCount()),
				labels.Label{Name: "le", Value: strconv.FormatFloat(bucket.GetUpperBound(), 'g', -1, 64)})
		}
		count := float64(one.Histogram.GetSampleCount())
		h.add(name+"_bucket", one, count, labels.Label{Name: "le", Value: "+Inf"})
		h.add(name+"_count", one, count)
		h.add(name+"_sum", one, one.Histogram.GetSampleSum())
	case one.Summary != nil:
		h.add(name+"_count", one, float64(one.Summary.GetSampleCount()))
		h.add(name+"_sum", one, one.Summary.GetSampleSum())
	}
}

func (h *history) add(name string, one *dto.Metric, value float64, more ...labels.Label) {
	all := append(more, labels.Label{Name: labels.MetricName, Value: name})
	for _, pair := range one.Label {
		all = append(all, labels.Label{Name: pair.GetName(), Value: pair.GetValue()})
	}
	set := labels.New(all...)
	if h.series[set.String()] == nil {
		h.series[set.String()] = &scraped{labels: set}
	}
	of := h.series[set.String()]
	of.samples = append(of.samples, sample{h.now.UnixMilli(), value})
}

// ask answers a query at a time.
func (h *history) ask(query string, at time.Time) promql.Vector {
	h.t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e7, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		NoStepSubqueryIntervalFn: func(int64) int64 { return scrapeEvery.Milliseconds() }})
	defer engine.Close()
	asked, err := engine.NewInstantQuery(h.t.Context(), h, nil, query, at)
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	defer asked.Close()
	answer := asked.Exec(h.t.Context())
	vector, err := answer.Vector()
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return slices.Clone(vector)
}

// Querier implements storage.Queryable. Prometheus looks back five minutes for a series that was not scraped any more,
// unless the target is gone: so that here, too, a series ends with its last scrape.
func (h *history) Querier(from, until int64) (storage.Querier, error) {
	return &querier{history: h, from: from, until: until}, nil
}

type querier struct {
	*history
	from, until int64
}

func (q *querier) Select(_ context.Context, _ bool, _ *storage.SelectHints,
	matchers ...*labels.Matcher) storage.SeriesSet {
	set := &seriesSet{}
	for _, name := range slices.Sorted(maps.Keys(q.series)) {
		one := q.series[name]
		fits := func(m *labels.Matcher) bool { return m.Matches(one.labels.Get(m.Name)) }
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !fits(m) }) {
			set.all = append(set.all, storage.NewListSeries(one.labels, one.ended()))
		}
	}
	return set
}

// ended are the samples, and after the last scrape of a target that is gone the mark that says so.
func (s *scraped) ended() []chunks.Sample {
	last := s.samples[len(s.samples)-1].T() + scrapeEvery.Milliseconds()
	return append(slices.Clone(s.samples), sample{last, staleNaN})
}

func (*querier) LabelValues(context.Context, string, *storage.LabelHints,
	...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (*querier) LabelNames(context.Context, *storage.LabelHints,
	...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (*querier) Close() error { return nil }

// seriesSet implements storage.SeriesSet.
type seriesSet struct {
	all  []storage.Series
	next int
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next <= len(s.all) }
func (s *seriesSet) At() storage.Series                { return s.all[s.next-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// sample implements chunks.Sample.
type sample struct {
	t int64
	f float64
}

func (s sample) T() int64                      { return s.t }
func (s sample) F() float64                    { return s.f }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }
