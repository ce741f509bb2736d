package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
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
	Failed   int64              `json:"failed"`
	Goals    []Reached          `json:"goals,omitempty"`
	Repeats  []Sample           `json:"repeats"`
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
func (r Result) CPUTotal() (total float64) {
	for _, micros := range r.CPU {
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

// Environment is the machine, the versions and the settings for people.
func (r Report) Environment() []string {
	m, v, s := r.Machine, r.Versions, r.Settings
	memory, modules := "", make([]string, 0, len(v.Modules))
	if m.Memory > 0 {
		memory = fmt.Sprintf("%.0f GiB", float64(m.Memory)/(1<<30))
	}
	for _, name := range slices.Sorted(maps.Keys(v.Modules)) {
		modules = append(modules, name+" "+v.Modules[name])
	}
	lines := []string{
		joined(m.CPU, count(m.Processors, "processor"), memory, m.OS,
			"load average "+m.Load+" before and "+m.LoadAfter+" after"),
		"a 4 KiB append and fsync takes " + milliseconds(m.SyncP50) + " (p99 " + milliseconds(m.SyncP99) + ")",
		joined("corebank "+v.Corebank, v.Go, strings.Join(modules, ", ")),
		joined(count(s.Repeats, "repeat")+" in turns, "+s.Time+" each after "+s.Warmup, count(s.Accounts, "account"),
			r.Began.Format("2006-01-02 15:04 MST")),
	}
	if s.Rate > 0 {
		lines = append(lines, "an open loop: "+amount(s.Rate)+" calls a second fall due")
	}
	if s.URL != "" {
		lines = append(lines, "measured on the bank at "+s.URL+", whose processes are not visible from here")
	}
	return append(lines, r.Notes...)
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " · ")
}
