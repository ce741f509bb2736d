package bench

import (
	"fmt"
	"slices"
)

// Measure is one figure of one repeat.
type Measure struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
}

// The figures that every load has.
const (
	figureRate = "rate"
	figureP50  = "p50"
	figureP90  = "p90"
	figureP99  = "p99"
	figureP999 = "p99.9"
	figureMost = "max"
)

// Sample is what one repeat of a case came to.
type Sample struct {
	Measures []Measure `json:"measures"`
	// CPU is microseconds of processor time per operation, by process; empty
	// where the system does not tell.
	CPU map[string]float64 `json:"cpuMicros,omitempty"`
	// Failed counts the calls that failed, and Failures are some of their
	// reasons.
	Failed   int64    `json:"failed,omitempty"`
	Failures []string `json:"failures,omitempty"`
	// Memory is what became of the processes' memory, where it was watched.
	Memory []Memory `json:"memory,omitempty"`
}

// value is the figure of a name; false if there is none.
func (s Sample) value(name string) (float64, bool) {
	i := slices.IndexFunc(s.Measures, func(m Measure) bool { return m.Name == name })
	if i < 0 {
		return 0, false
	}
	return s.Measures[i].Value, true
}

// sampleOf is a load's outcome in figures. It fails if nothing was done.
func sampleOf(o outcome, unit string, used spent) (Sample, error) {
	s := Sample{Failed: o.failed, Failures: o.failures, CPU: used.each(o.done)}
	if o.done == 0 {
		return s, fmt.Errorf("%w within %v: %v", errNothingDone, o.took, o.failures)
	}
	s.Measures = append([]Measure{{figureRate, unit + "/s", float64(o.done) / o.took.Seconds()}}, waitsOf(o.waits)...)
	return s, nil
}

// waitsOf are waits in figures.
func waitsOf(w *waits) []Measure {
	return []Measure{
		{figureP50, "ms", w.quantile(0.5)},
		{figureP90, "ms", w.quantile(0.9)},
		{figureP99, "ms", w.quantile(0.99)},
		{figureP999, "ms", w.quantile(0.999)},
		{figureMost, "ms", w.quantile(1)},
	}
}

// Figure is a measure over all repeats.
type Figure struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// Spread is how far apart the repeats are, as a share of the median.
func (f Figure) Spread() float64 {
	if f.Median == 0 {
		return 0
	}
	return (f.Most - f.Least) / f.Median
}

func figureOf(name, unit string, values []float64) Figure {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return Figure{Name: name, Unit: unit}
	}
	return Figure{Name: name, Unit: unit, Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Least: sorted[0], Most: sorted[n-1]}
}

// figuresOf are the figures of some repeats, in the order of the first.
func figuresOf(repeats []Sample) []Figure {
	if len(repeats) == 0 {
		return nil
	}
	var figures []Figure
	for _, m := range repeats[0].Measures {
		var values []float64
		for _, s := range repeats {
			if v, ok := s.value(m.Name); ok {
				values = append(values, v)
			}
		}
		figures = append(figures, figureOf(m.Name, m.Unit, values))
	}
	return figures
}

// cpuOfAll is the median use of each process over some repeats.
func cpuOfAll(repeats []Sample) map[string]float64 {
	values := make(map[string][]float64)
	for _, s := range repeats {
		for name, v := range s.CPU {
			values[name] = append(values[name], v)
		}
	}
	medians := make(map[string]float64, len(values))
	for name, of := range values {
		medians[name] = figureOf(name, "", of).Median
	}
	return medians
}
