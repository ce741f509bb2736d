package bench

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// someReport has two cases that are compared, one of which missed its goal.
func someReport() Report {
	sample := func(rate, p50 float64) Sample {
		return Sample{CPU: map[string]float64{"immudb": 30, "eventsource": 10}, Measures: []Measure{
			{figureRate, "events/s", rate}, {figureP50, "ms", p50}, {figureP90, "ms", 2 * p50}, {figureP99, "ms", 3 * p50},
			{figureP999, "ms", 4 * p50}, {figureMax, "ms", 90 * p50}, {"something else", "MiB", 12.34}}}
	}
	failed := sample(10_000, 6)
	failed.Failed, failed.Failures = 2, []string{"<overloaded>"}
	r := Report{Began: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC),
		Machine:  Machine{CPU: "a processor", Processors: 2, OS: "linux"},
		Settings: Settings{Time: "5s", Warmup: "1s", Sizes: Sizes{Repeats: 3, Accounts: 10_000}},
		Results: []Result{
			{Scenario: "append", Name: caseAppend, Unit: "events", About: "many",
				Repeats: []Sample{sample(20_000, 5), failed, sample(30_000, 4)}},
			{Scenario: "baseline", Name: caseRaw, Unit: "events", About: "immudb",
				Repeats: []Sample{sample(40_000, 2), sample(40_000, 2), sample(40_000, 2)}},
		}}
	r.finish()
	return r
}

func TestAReportHasMediansSpreadAndRatiosWithinRepeats(t *testing.T) {
	r := someReport()
	rate, ok := r.Results[0].figure(figureRate)
	if !ok || rate.Median != 20_000 || rate.Least != 10_000 || rate.Most != 30_000 || rate.Spread() != 1 {
		t.Errorf("the rate is %+v", rate)
	}
	if len(r.Ratios) != 1 || r.Ratios[0].Median != 0.5 || r.Ratios[0].Least != 0.25 || r.Ratios[0].Most != 0.75 {
		t.Errorf("ratios: %+v", r.Ratios)
	}
	goals := r.Results[0].Goals
	if len(goals) != 1 || goals[0].Met || goals[0].Bound != 25_000 {
		t.Errorf("goals: %+v, want one that was missed", goals)
	}
	if r.Results[0].CPUTotal() != 40 || r.Results[0].Failed != 2 {
		t.Errorf("%v µs, %d failed", r.Results[0].CPUTotal(), r.Results[0].Failed)
	}
}

func TestTheMedianOfAnEvenNumberLiesBetween(t *testing.T) {
	if f := rangeOf([]float64{4, 1, 3, 2}); f.Median != 2.5 || f.Least != 1 || f.Most != 4 {
		t.Errorf("%+v", f)
	}
}

func TestAReportCanBeReadInEveryForm(t *testing.T) {
	r := someReport()
	table, encoded, page := new(bytes.Buffer), new(bytes.Buffer), new(bytes.Buffer)
	if err := errors.Join(r.WriteTable(table), r.WriteJSON(encoded), r.WritePage(page)); err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"table": table.String(), "page": page.String()} {
		for _, want := range []string{"20,000 events/s", "±50 %", "append / immudb: 0.50 (0.25 to 0.75)", "≥ 25,000",
			"missed", "2 calls failed", "something else: 12.3 MiB", "a processor"} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s does not say %q", form, want)
			}
		}
	}
	var again Report
	if err := json.Unmarshal(encoded.Bytes(), &again); err != nil || len(again.Results) != 2 ||
		len(again.Results[0].Repeats) != 3 {
		t.Errorf("the JSON reads as %+v (%v)", again, err)
	}
	if strings.Contains(page.String(), "<overloaded>") || strings.Contains(page.String(), "NaN") ||
		strings.Contains(page.String(), "<script") {
		t.Error("the page has what it must not have")
	}
	if n := strings.Count(page.String(), "<svg"); n != 3 {
		t.Errorf("the page has %d charts, want 3", n)
	}
	wellFormed(t, page.String())
}

// wellFormed checks that the charts of a page are valid XML.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	for _, part := range strings.Split(page, "<svg")[1:] {
		chart, _, _ := strings.Cut(part, "</svg>")
		decoder := xml.NewDecoder(strings.NewReader("<svg" + chart + "</svg>"))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("a chart is not valid: %v", err)
			}
		}
	}
}

func TestAReportWithoutResultsCanBeWritten(t *testing.T) {
	r := Report{}
	r.finish()
	if err := errors.Join(r.WriteTable(io.Discard), r.WriteJSON(io.Discard), r.WritePage(io.Discard)); err != nil {
		t.Error(err)
	}
}

func TestNumbersAreForPeople(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234.5: "1,235",
		1_234_567: "1,234,567", -1234: "-1,234"} {
		if got := amount(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}

func TestCheckNamesWhatIsWrongWithAConfiguration(t *testing.T) {
	valid := Config{Time: time.Second, Sizes: Sizes{Repeats: 1, Accounts: 1, Batch: 1, Events: 1, History: minHistory,
		Sockets: 1, Subscribers: 1}}
	if err := valid.Check(); err != nil {
		t.Errorf("a valid configuration: %v", err)
	}
	for want, spoil := range map[string]func(*Config){
		"there are append, deposit": func(c *Config) { c.Scenarios = []string{"apend"} },
		"--repeats 0":               func(c *Config) { c.Repeats = 0 },
		"--batch 257":               func(c *Config) { c.Batch = 257 },
		"--duration 5s":             func(c *Config) { c.Time = 0 },
		"--rate -1":                 func(c *Config) { c.Rate = -1 },
		"--history 10":              func(c *Config) { c.History = 10 },
		"--sockets 20001":           func(c *Config) { c.Sockets = 20_001 },
		"--subscribers 0":           func(c *Config) { c.Subscribers = 0 },
		"for example http://":       func(c *Config) { c.URL, c.Token = "localhost", "token" },
		"corebank token":            func(c *Config) { c.URL = "http://127.0.0.1:8080" },
		"start cannot be measured": func(c *Config) {
			c.URL, c.Token, c.Scenarios = "http://localhost", "token", []string{"deposit", "start"}
		},
	} {
		c := valid
		spoil(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestWorkIsSeenInTheTimeOfThisProcess(t *testing.T) {
	if len(cpuTimesOf(nil)) == 0 {
		t.Skip("this system does not report it")
	}
	before := cpuTimesOf(nil)
	deadline := time.Now().Add(20 * time.Second)
	for cpuTimesOf(nil).minus(before)[self] == 0 {
		if time.Now().After(deadline) {
			t.Fatal("20 s of work used no time")
		}
	}
	if look, ok := memoryOf(os.Getpid()); !ok || look.MiB < 1 {
		t.Errorf("this process has %+v (%v)", look, ok)
	}
}

// Every unit of every case has a chart, and those of different size have
// different ones.
func TestRatesOfDifferentSizesDoNotShareAChart(t *testing.T) {
	var r Report
	for _, unit := range []string{"events", "deposits", "calls", "queries", "pages", "deliveries", "starts"} {
		r.Results = append(r.Results, Result{Name: unit, Unit: unit,
			Repeats: []Sample{{Measures: []Measure{{figureRate, unit + "/s", 10}}}}})
	}
	r.finish()
	rows := 0
	charts := r.rateCharts()
	for _, c := range charts {
		rows += len(c.Rows)
	}
	if len(charts) != 4 || rows != 6 {
		t.Errorf("%d charts with %d rows, want 4 with 6: starts have no rate worth showing", len(charts), rows)
	}
}
