package bench

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// Report is the result of a run.
type Report struct {
	Began    time.Time `json:"began"`
	Seconds  float64   `json:"seconds"`
	Machine  Machine   `json:"machine"`
	Versions Versions  `json:"versions"`
	Settings Settings  `json:"settings"`
	Notes    []string  `json:"notes,omitempty"`
	Results  []Result  `json:"results"`
	Ratios   []Ratio   `json:"ratios"`
}

// Settings are those of the run.
type Settings struct {
	Scenarios []string `json:"scenarios"`
	Warmup    string   `json:"warmup"`
	Time      string   `json:"time"`
	Sizes
}

// Result is one case over all its repeats.
type Result struct {
	Scenario string             `json:"scenario"`
	Name     string             `json:"name"`
	Unit     string             `json:"unit"` // what one operation is, in the plural
	About    string             `json:"about"`
	Figures  []Figure           `json:"figures"`
	CPU      map[string]float64 `json:"cpuMicros,omitempty"`
	// PerCore is how many operations one processor does in a second if it does
	// nothing else, as other systems report it: without the time of the load.
	PerCore float64   `json:"perCore,omitempty"`
	Failed  int64     `json:"failed"`
	Goals   []Reached `json:"goals,omitempty"`
	Repeats []Sample  `json:"repeats"`
}

// Reached is a goal, and whether the median reaches it.
type Reached struct {
	Goal
	Median float64 `json:"median"`
	Met    bool    `json:"met"`
}

func (r Result) figure(name string) (Figure, bool) {
	for _, f := range r.Figures {
		if f.Name == name {
			return f, true
		}
	}
	return Figure{}, false
}

// CPUTotal is the processor time of an operation in all processes, in microseconds.
func (r Result) CPUTotal() float64 { return cpuTotal(r.CPU) }

func cpuTotal(cpu map[string]float64) (total float64) {
	for _, micros := range cpu {
		total += micros
	}
	return total
}

func newReport(ctx context.Context, c Config, scenarios []Scenario) Report {
	return Report{Began: time.Now().UTC(), Machine: thisMachine(ctx, c.Dir), Versions: versions(),
		Settings: Settings{namesOf(scenarios), c.Warmup.String(), c.Time.String(), c.Sizes}}
}

func (r *Report) finish() {
	r.Seconds = time.Since(r.Began).Seconds()
	for i := range r.Results {
		result := &r.Results[i]
		result.Figures, result.CPU = figuresOf(result.Repeats), cpuOfAll(result.Repeats)
		if micros := result.CPUTotal() - result.CPU[self]; micros > 0 {
			result.PerCore = 1e6 / micros
		}
		for _, s := range result.Repeats {
			result.Failed += s.Failed
		}
		for _, g := range goals {
			if f, ok := result.figure(g.Figure); ok && g.Case == result.Name {
				result.Goals = append(result.Goals, Reached{g, f.Median, g.Met(f.Median)})
			}
		}
	}
	r.Ratios = ratiosOf(r.Results)
}

func (r Report) WriteJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}
