package bench

import "fmt"

// Goal is a target for a figure on a machine with two processors.
type Goal struct {
	// Case and Figure name the figure.
	Case   string  `json:"case"`
	Figure string  `json:"figure"`
	Bound  float64 `json:"bound"`
	// AtMost: the figure should not exceed Bound, instead of reaching it.
	AtMost bool `json:"atMost,omitempty"`
}

// Met reports whether a value reaches the goal.
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

// goals are the targets of the project.
var goals = []Goal{
	{Case: caseAppend, Figure: figureRate, Bound: 25_000},
	{Case: caseAppendIdle, Figure: figureP50, Bound: 5, AtMost: true},
	{Case: caseDeposit, Figure: figureRate, Bound: 2_000},
	{Case: caseDeposit, Figure: figureP99, Bound: 150, AtMost: true},
	{Case: caseHot, Figure: figureRate, Bound: 1_500},
	{Case: caseBatch, Figure: figureRate, Bound: 5_000},
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

// relation is a meaningful ratio of two cases in one run.
type relation struct {
	over, under string // cases
	figure      string
	goal        float64 // 0 for none
}

var relations = []relation{
	{over: caseAppend, under: caseRaw, figure: figureRate, goal: 0.6},
	{over: caseAppend, under: caseRawBehind, figure: figureRate},
	{over: caseDeposit, under: caseNoop, figure: figureRate, goal: 0.5},
	{over: caseDeposit, under: caseSQLFour, figure: figureRate, goal: 1},
	{over: caseDeposit, under: caseSQLSingle, figure: figureRate},
	{over: caseHot, under: caseSQLFourHot, figure: figureRate, goal: 1.5},
	{over: caseHot, under: caseSQLSingleHot, figure: figureRate},
	{over: caseHot, under: caseDeposit, figure: figureRate},
	{over: caseAged, under: caseDeposit, figure: figureRate},
	{over: caseMixed, under: caseDeposit, figure: figureRate},
}

// Ratio is a measured relation: the median over the repeats of the ratio within
// each.
type Ratio struct {
	Over   string `json:"over"`
	Under  string `json:"under"`
	Figure string `json:"figure"`
	Range
	Goal float64 `json:"goal,omitempty"`
}

// ratiosOf are the ratios of all relations whose two cases were measured.
func ratiosOf(results []Result) []Ratio {
	repeats := make(map[string][]Sample, len(results))
	for _, r := range results {
		repeats[r.Name] = r.Repeats
	}
	var ratios []Ratio
	for _, r := range relations {
		var values []float64
		for i := range min(len(repeats[r.over]), len(repeats[r.under])) {
			over, _ := repeats[r.over][i].value(r.figure)
			if under, ok := repeats[r.under][i].value(r.figure); ok && under > 0 {
				values = append(values, over/under)
			}
		}
		if len(values) > 0 {
			ratios = append(ratios, Ratio{r.over, r.under, r.figure, rangeOf(values), r.goal})
		}
	}
	return ratios
}
