package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corebank/internal/output"
	"corebank/internal/scratch"
	"corebank/internal/terminal"
)

// Config says what to measure and how.
type Config struct {
	// Program is the path of corebank, whose commands are the bank's processes.
	Program string
	// Dir is an empty directory for all data.
	Dir string
	// Scenarios are names; none means all.
	Scenarios []string
	// Warmup and Time of each repeat.
	Warmup, Time time.Duration
	Sizes
	// Token signs in to the bank at URL.
	Token string
	// Log receives lines of progress.
	Log io.Writer
}

// Sizes are how much is measured, which the report has too.
type Sizes struct {
	// Repeats of each case, in turns with the others of its group.
	Repeats int `json:"repeats"`
	// Clients work at the same time; 0 leaves their number to each scenario.
	Clients int `json:"clients,omitempty"`
	// Accounts over which a load is spread.
	Accounts int `json:"accounts"`
	// Batch is how many appends of different accounts travel in one call.
	Batch int `json:"batch"`
	// Events are in the log whose views are rebuilt, and in the longest log of
	// the scenario Scale.
	Events int `json:"events"`
	// Rate opens the loop; see Load.
	Rate float64 `json:"rate,omitempty"`
	// History is the number of transactions in the longest history that is read.
	History int `json:"history"`
	// Sockets stay idle; Subscribers receive every deposit.
	Sockets     int `json:"sockets"`
	Subscribers int `json:"subscribers"`
	// URL is a running bank, to be measured instead of banks that are started
	// here.
	URL string `json:"url,omitempty"`
}

// Bounds of a Config.
const (
	maxTime    = 24 * time.Hour
	maxEvents  = 100_000_000
	maxSockets = 20_000 // that the gateway takes
)

// Check returns what is wrong with the configuration.
func (c Config) Check() error {
	_, err := choose(c.Scenarios, c.remote())
	for _, bound := range []struct {
		flag          string
		is, low, high int
	}{
		{"--repeats", c.Repeats, 1, 100},
		{"--clients", c.Clients, 0, 4096},
		{"--accounts", c.Accounts, 1, 1_000_000},
		{"--batch", c.Batch, 1, 256},
		{"--events", c.Events, 1, maxEvents},
		{"--history", c.History, minHistory, maxEvents},
		{"--sockets", c.Sockets, 1, maxSockets},
		{"--subscribers", c.Subscribers, 1, maxSockets},
	} {
		if bound.is < bound.low || bound.is > bound.high {
			err = errors.Join(err, fmt.Errorf("%s %d: want %d to %d", bound.flag, bound.is, bound.low, bound.high))
		}
	}
	if c.Time <= 0 || c.Time > maxTime || c.Warmup < 0 || c.Warmup > maxTime {
		err = errors.Join(err,
			fmt.Errorf("--duration %v, --warmup %v: want more than 0 and at most %v, for example --duration 5s", c.Time,
				c.Warmup, maxTime))
	}
	if c.Rate < 0 {
		err = errors.Join(err, fmt.Errorf("--rate %v: want operations a second, or 0 for as many as possible", c.Rate))
	}
	return errors.Join(err, c.checkBank())
}

// remote reports whether the bank runs already.
func (c Config) remote() bool { return c.URL != "" }

// checkBank returns what is wrong with the address or token of a running bank.
func (c Config) checkBank() error {
	if !c.remote() {
		return nil
	}
	where, err := url.Parse(c.URL)
	if err != nil || where.Host == "" || where.Scheme != "http" && where.Scheme != "https" ||
		strings.Trim(where.Path, "/") != "" {
		return fmt.Errorf("--url %q: want the address of a bank, for example http://127.0.0.1:8080", c.URL)
	}
	if c.Token == "" {
		return errors.New("--url needs the token of a teller: put it into COREBANK_TOKEN or into a file for --token-file; " +
			"for a bank that \"corebank up\" runs, \"corebank token\" prints one")
	}
	return nil
}

// Run measures and reports. All that it started has ended when it returns. If ctx
// ends early, the report has the complete repeats.
func Run(ctx context.Context, c Config) (Report, error) {
	scenarios, err := choose(c.Scenarios, c.remote())
	if err != nil {
		return Report{}, err
	}
	report := newReport(ctx, c, scenarios)
	for _, group := range groups {
		if err == nil {
			err = runGroup(ctx, c, group, scenarios, &report)
		}
	}
	report.Machine.LoadAfter = loadAverage()
	report.finish()
	return report, err
}

// runGroup measures the scenarios' cases of a group, in turns.
func runGroup(ctx context.Context, c Config, group string, scenarios []Scenario, report *Report) (err error) {
	e := &env{Config: c, dir: filepath.Join(c.Dir, group)}
	var cases []measured
	var results []Result
	defer func() {
		report.Notes = append(report.Notes, e.notes...)
		report.Results = append(report.Results, results...)
		err = errors.Join(err, e.close())
	}()
	for _, s := range scenarios {
		open := s.parts[group]
		if open == nil {
			continue
		}
		opened, err := open(ctx, e)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		for _, m := range opened {
			cases = append(cases, m)
			results = append(results, Result{Scenario: s.Name, Name: m.name, Unit: m.unit, About: m.about})
		}
	}
	for repeat := range c.Repeats {
		for i, m := range cases {
			sample, err := m.run(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			results[i].Repeats = append(results[i].Repeats, sample)
			fmt.Fprintf(c.Log, "  %-34s %d of %d  %s\n", m.name, repeat+1, c.Repeats, brief(sample))
		}
	}
	return nil
}

func brief(s Sample) string {
	text := ""
	for _, m := range s.Measures[:min(len(s.Measures), 2)] {
		text += fmt.Sprintf("%s %s  ", amount(m.Value), m.Unit)
	}
	if s.Failed > 0 {
		text += fmt.Sprintf("%d calls failed: %v", s.Failed, s.Failures)
	}
	return text
}

// Output says where a run is reported besides the table.
type Output struct {
	JSON, HTML string // files; empty for none
	Keep       bool   // the data and logs of what was measured
}

// RunAndReport measures in a temporary directory and writes the report. It
// leaves nothing that was not asked for.
func RunAndReport(ctx context.Context, config Config, stdout io.Writer, files Output) (err error) {
	if config.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if config.Dir, err = scratch.Make("bench"); err != nil {
		return err
	}
	report, err := Run(ctx, config)
	if len(report.Results) > 0 {
		err = errors.Join(err, report.writeAll(context.WithoutCancel(ctx), stdout, config.Log, files))
	}
	if files.Keep {
		fmt.Fprintf(config.Log, "the data and logs are in %s\n", config.Dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(config.Dir))
}

// Check refuses files that cannot be written, before anything is measured.
func (o Output) Check() error {
	var failed error
	for flag, path := range map[string]string{"json": o.JSON, "html": o.HTML} {
		if err := output.Check(path); err != nil {
			failed = errors.Join(failed, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	return failed
}

// writeAll writes the report in each form that was asked for. The table is for
// standard output, unless another form goes there.
func (r Report) writeAll(ctx context.Context, stdout, log io.Writer, files Output) error {
	table := stdout
	if files.JSON == output.Stdout || files.HTML == output.Stdout {
		table = log
	}
	failed := r.WriteTable(table)
	for _, file := range []struct {
		flag, path string
		write      func(io.Writer) error
	}{{"json", files.JSON, r.WriteJSON}, {"html", files.HTML, r.WritePage}} {
		if file.path == "" {
			continue
		}
		if err := output.Write(ctx, file.path, stdout, file.write); err != nil {
			failed = errors.Join(failed, fmt.Errorf("--%s: %w", file.flag, err))
		}
	}
	return failed
}

// ScenarioHelp lists the scenarios in lines that fit a terminal.
func ScenarioHelp() string {
	var text strings.Builder
	for _, s := range Scenarios() {
		fmt.Fprintln(&text, terminal.Wrap(fmt.Sprintf("  %-10s ", s.Name)+s.About, strings.Repeat(" ", 13)))
	}
	return text.String()
}
