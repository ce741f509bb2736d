package bench

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"
)

// Report is everything that a run found.
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

// Settings are how the run was asked for.
type Settings struct {
	Scenarios []string `json:"scenarios"`
	Repeats   int      `json:"repeats"`
	Warmup    string   `json:"warmup"`
	Time      string   `json:"time"`
	Clients   int      `json:"clients,omitempty"`
	Accounts  int      `json:"accounts"`
	Batch     int      `json:"batch"`
	Events    int      `json:"events"`
	Rate      float64  `json:"rate,omitempty"`
	History   int      `json:"history"`
	Sockets   int      `json:"sockets"`
	// Subscribers are told of every deposit.
	Subscribers int `json:"subscribers"`
	// URL is the bank that ran already.
	URL string `json:"url,omitempty"`
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

// Reached is a goal and whether the median reaches it.
type Reached struct {
	Goal
	Median float64 `json:"median"`
	Met    bool    `json:"met"`
}

// figure is the figure of a name.
func (r Result) figure(name string) (Figure, bool) {
	for _, f := range r.Figures {
		if f.Name == name {
			return f, true
		}
	}
	return Figure{}, false
}

// CPUTotal is what an operation costs in all processes, in microseconds.
func (r Result) CPUTotal() (total float64) {
	for _, micros := range r.CPU {
		total += micros
	}
	return total
}

func newReport(ctx context.Context, c Config) Report {
	scenarios, _ := choose(c.Scenarios, c.remote())
	return Report{Began: time.Now().UTC(), Machine: thisMachine(ctx, c.Dir), Versions: versions(), Settings: Settings{
		Scenarios: namesOf(scenarios), Repeats: c.Repeats, Warmup: c.Warmup.String(), Time: c.Time.String(),
		Clients: c.Clients, Accounts: c.Accounts, Batch: c.Batch, Events: c.Events, Rate: c.Rate,
		History: c.History, Sockets: c.Sockets, Subscribers: c.Subscribers, URL: c.URL,
	}}
}

// finish works out what the repeats say together.
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

// WriteJSON writes all of the report.
func (r Report) WriteJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// environmentText is the machine and the versions, for people.
func (r Report) environmentText() []string {
	m, v := r.Machine, r.Versions
	lines := []string{
		joined(m.CPU, count(m.Processors, "processor"), memoryText(m.Memory), m.OS, "load average "+m.Load+" before and "+m.LoadAfter+" after"),
		joined("a 4 KiB append and fsync takes " + milliseconds(m.SyncP50) + " (p99 " + milliseconds(m.SyncP99) + ")"),
		joined("corebank "+v.Corebank, v.Go, modulesText(v.Modules)),
	}
	s := r.Settings
	runs := joined(count(s.Repeats, "repeat")+" in turns, "+s.Time+" each after "+s.Warmup, count(s.Accounts, "account"), r.Began.Format("2006-01-02 15:04 MST"))
	lines = append(lines, runs)
	if s.Rate > 0 {
		lines = append(lines, "an open loop: "+amount(s.Rate)+" calls a second fall due")
	}
	if s.URL != "" {
		lines = append(lines, "measured on the bank at "+s.URL+", whose processes are not seen from here")
	}
	return append(lines, r.Notes...)
}

func joined(parts ...string) string {
	kept := parts[:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " · ")
}
