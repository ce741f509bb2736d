package bench

import (
	"cmp"
	"fmt"
	"slices"
)

// Measure is one figure of one repeat.
type Measure struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
}

// The figures of every load.
const (
	figureRate = "rate"
	figureP50  = "p50"
	figureP90  = "p90"
	figureP99  = "p99"
	figureP999 = "p99.9"
	figureMax  = "max"
	// figureCPU is the processor time of an operation in all processes.
	figureCPU = "processor time"
	// figureLegs is the rate of the legs of transactions.
	figureLegs = "legs"
)

// waitFigures are the figures of waits, with their shares.
var waitFigures = []struct {
	name  string
	share float64
}{{figureP50, 0.5}, {figureP90, 0.9}, {figureP99, 0.99}, {figureP999, 0.999}, {figureMax, 1}}

// Sample is the result of one repeat of a case.
type Sample struct {
	Measures []Measure `json:"measures"`
	// CPU is microseconds of processor time per operation, by process; empty
	// where the system does not report it.
	CPU map[string]float64 `json:"cpuMicros,omitempty"`
	// Failed counts the calls that failed; Failures are some of the reasons.
	Failed   int64    `json:"failed,omitempty"`
	Failures []string `json:"failures,omitempty"`
	// Memory describes the memory of the processes, where it was monitored.
	Memory []Memory `json:"memory,omitempty"`
}

func (s Sample) value(name string) (float64, bool) {
	if name == figureCPU {
		return cpuTotal(s.CPU), len(s.CPU) > 0
	}
	i := slices.IndexFunc(s.Measures, func(m Measure) bool { return m.Name == name })
	if i < 0 {
		return 0, false
	}
	return s.Measures[i].Value, true
}

// waitsOf are the figures of waits.
func waitsOf(w *waits) (measures []Measure) {
	for _, f := range waitFigures {
		measures = append(measures, Measure{f.name, "ms", w.quantile(f.share)})
	}
	return measures
}

// Figure is a measure over all repeats.
type Figure struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	Range
}

// Range is what there is to say of the values of all repeats.
type Range struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// Spread is the distance of the extremes, as a share of the median.
func (r Range) Spread() float64 {
	if r.Median == 0 {
		return 0
	}
	return (r.Most - r.Least) / r.Median
}

func rangeOf(values []float64) Range {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return Range{}
	}
	return Range{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1]}
}

// medianOf is the median; 0 for no values.
func medianOf(values []float64) float64 { return rangeOf(values).Median }

// figuresOf are the figures of some repeats, in the order of the first.
func figuresOf(repeats []Sample) (figures []Figure) {
	if len(repeats) == 0 {
		return nil
	}
	for _, m := range repeats[0].Measures {
		var values []float64
		for _, s := range repeats {
			if v, ok := s.value(m.Name); ok {
				values = append(values, v)
			}
		}
		figures = append(figures, Figure{m.Name, m.Unit, rangeOf(values)})
	}
	return figures
}

// cpuOfAll is the median time of each process over some repeats.
func cpuOfAll(repeats []Sample) map[string]float64 {
	values, medians := make(map[string][]float64), make(map[string]float64)
	for _, s := range repeats {
		for name, v := range s.CPU {
			values[name] = append(values[name], v)
		}
	}
	for name, of := range values {
		medians[name] = medianOf(of)
	}
	return medians
}

// Goal is a target for a figure on a machine with two processors.
type Goal struct {
	// Case and Figure name the figure.
	Case   string  `json:"case"`
	Figure string  `json:"figure"`
	Bound  float64 `json:"bound"`
	// AtMost: the figure should not exceed Bound, instead of reaching it.
	AtMost bool `json:"atMost,omitempty"`
}

func (g Goal) Met(value float64) bool {
	if g.AtMost {
		return value <= g.Bound
	}
	return value >= g.Bound
}

func (g Goal) String() string {
	sign := "≥"
	if g.AtMost {
		sign = "≤"
	}
	return fmt.Sprintf("%s %s", sign, amount(g.Bound))
}

var goals = []Goal{
	{Case: caseAppend, Figure: figureRate, Bound: 25_000},
	{Case: caseAppendIdle, Figure: figureP50, Bound: 5, AtMost: true},
	{Case: caseDeposit, Figure: figureRate, Bound: 2_600},
	{Case: caseDeposit, Figure: figureP99, Bound: 150, AtMost: true},
	{Case: caseOne(caseDeposit), Figure: figureP50, Bound: 4, AtMost: true},
	{Case: caseHot, Figure: figureRate, Bound: 3_000},
	{Case: caseTransfer, Figure: figureP99, Bound: 150, AtMost: true},
	{Case: caseOne(caseTransfer), Figure: figureP50, Bound: 6, AtMost: true},
	{Case: casePost(10), Figure: figureLegs, Bound: 5_000},
	{Case: caseBatch, Figure: figureRate, Bound: 10_000},
	{Case: caseBatchOne, Figure: figureRate, Bound: 5_000},
	{Case: caseLag, Figure: figureP99, Bound: 250, AtMost: true},
	{Case: caseRebuild, Figure: figureRate, Bound: 30_000},
	{Case: caseBalance, Figure: figureRate, Bound: 6_000},
	{Case: caseHistory(1_000_000), Figure: figureP99, Bound: 20, AtMost: true},
	{Case: caseIdle(10_000), Figure: figureMemory, Bound: 400, AtMost: true},
	{Case: caseFanOut(1_000), Figure: figureRate, Bound: 50_000},
	{Case: caseStartWarm, Figure: figureReady, Bound: 10, AtMost: true},
	{Case: caseStartKilled(1_000_000), Figure: figureReady, Bound: 10, AtMost: true},
}

// Ratio is a meaningful ratio of two cases in one run: the median over the repeats
// of the ratio within each.
type Ratio struct {
	Over   string `json:"over"`
	Under  string `json:"under"`
	Figure string `json:"figure"` // of both; in ratios, empty for the rate
	Range
	Goal float64 `json:"goal,omitempty"`
	// AtMost: the ratio should not exceed Goal, instead of reaching it.
	AtMost bool `json:"atMost,omitempty"`
}

func (r Ratio) goal() Goal { return Goal{Bound: r.Goal, AtMost: r.AtMost} }

var ratios = []Ratio{
	{Over: caseAppend, Under: caseRaw, Goal: 0.6},
	{Over: caseAppend, Under: caseRawBehind},
	{Over: caseDeposit, Under: caseNoop, Goal: 0.5},
	{Over: caseDeposit, Under: caseSQLFour, Goal: 1},
	{Over: caseDeposit, Under: caseSQLSingle},
	{Over: caseHot, Under: caseSQLFourHot, Goal: 1.5},
	{Over: caseHot, Under: caseSQLSingleHot},
	{Over: caseHot, Under: caseDeposit},
	{Over: caseAged, Under: caseDeposit},
	{Over: caseMixed, Under: caseDeposit},
	{Over: caseTransfer, Under: caseDeposit},
	{Over: caseTransfer, Under: caseDeposit, Figure: figureCPU, Goal: 1.3, AtMost: true},
	{Over: casePost(2), Under: caseTransfer},
	{Over: caseBatch, Under: caseDeposit},
}

// ratiosOf are those whose two cases were measured.
func ratiosOf(results []Result) (measured []Ratio) {
	repeats := make(map[string][]Sample, len(results))
	for _, r := range results {
		repeats[r.Name] = r.Repeats
	}
	for _, r := range ratios {
		var values []float64
		r.Figure = cmp.Or(r.Figure, figureRate)
		for i := range min(len(repeats[r.Over]), len(repeats[r.Under])) {
			over, _ := repeats[r.Over][i].value(r.Figure)
			if under, ok := repeats[r.Under][i].value(r.Figure); ok && under > 0 {
				values = append(values, over/under)
			}
		}
		if r.Range = rangeOf(values); len(values) > 0 {
			measured = append(measured, r)
		}
	}
	return measured
}
