package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// Config says what to measure and how.
type Config struct {
	// Program is the path of corebank, whose commands are the bank's processes.
	Program string
	// Dir is an empty directory for all data.
	Dir string
	// Scenarios are names; none means all.
	Scenarios []string
	// Repeats of each case, in turns with the others of its group.
	Repeats int
	// Warmup and Time of each repeat.
	Warmup, Time time.Duration
	// Clients is how many ask at once; 0 leaves it to each scenario.
	Clients int
	// Accounts that a load is spread over.
	Accounts int
	// Batch is how many appends of different accounts travel in one call.
	Batch int
	// Events are in the log whose views are built anew, and in the longest of the
	// scenario Scale.
	Events int
	// Rate opens the loop; see Load.
	Rate float64
	// History is how many transactions the longest history has that is read.
	History int
	// Sockets stay idle, Subscribers are told of every deposit.
	Sockets, Subscribers int
	// URL is a bank that runs already, to be measured instead of ones that are
	// started here; Token signs in to it.
	URL, Token string
	// Log is told how it goes, in lines.
	Log io.Writer
}

// Bounds of a Config.
const (
	maxRepeats  = 100
	maxTime     = 24 * time.Hour
	maxClients  = 4096
	maxAccounts = 1_000_000
	maxBatch    = 256
	maxEvents   = 100_000_000
	maxSockets  = 20_000 // that the gateway takes
)

// Check is nil if the configuration can be run.
func (c Config) Check() error {
	_, err := choose(c.Scenarios, c.remote())
	for _, bound := range []struct {
		flag            string
		is, least, most int64
	}{
		{"--repeats", int64(c.Repeats), 1, maxRepeats},
		{"--clients", int64(c.Clients), 0, maxClients},
		{"--accounts", int64(c.Accounts), 1, maxAccounts},
		{"--batch", int64(c.Batch), 1, maxBatch},
		{"--events", int64(c.Events), 1, maxEvents},
		{"--history", int64(c.History), leastHistory, maxEvents},
		{"--sockets", int64(c.Sockets), 1, maxSockets},
		{"--subscribers", int64(c.Subscribers), 1, maxSockets},
	} {
		if bound.is < bound.least || bound.is > bound.most {
			err = errors.Join(err, fmt.Errorf("%s %d: want %d to %d", bound.flag, bound.is, bound.least, bound.most))
		}
	}
	if c.Time <= 0 || c.Time > maxTime || c.Warmup < 0 || c.Warmup > maxTime {
		err = errors.Join(err, fmt.Errorf("--duration %v, --warmup %v: want more than 0 and at most %v, for example --duration 5s", c.Time, c.Warmup, maxTime))
	}
	if c.Rate < 0 {
		err = errors.Join(err, fmt.Errorf("--rate %v: want operations a second, or 0 for as many as there can be", c.Rate))
	}
	return errors.Join(err, c.checkBank())
}

// remote reports whether the bank runs already.
func (c Config) remote() bool { return c.URL != "" }

// checkBank is nil if the bank that runs already can be asked.
func (c Config) checkBank() error {
	if !c.remote() {
		return nil
	}
	where, err := url.Parse(c.URL)
	if err != nil || where.Host == "" || where.Scheme != "http" && where.Scheme != "https" || strings.Trim(where.Path, "/") != "" {
		return fmt.Errorf("--url %q: want the address of a bank, for example http://127.0.0.1:8080", c.URL)
	}
	if c.Token == "" {
		return errors.New("--url needs the token of a teller: put it into COREBANK_TOKEN or into a file for --token-file; " +
			"for a bank that \"corebank up\" runs, \"corebank token\" prints one")
	}
	return nil
}

// Run measures and reports. What it started has ended when it returns. If ctx
// ends early, the report has the repeats that were complete.
func Run(ctx context.Context, c Config) (Report, error) {
	scenarios, err := choose(c.Scenarios, c.remote())
	if err != nil {
		return Report{}, err
	}
	report := newReport(ctx, c)
	for _, group := range groups {
		if err == nil {
			err = runGroup(ctx, c, group, scenarios, &report)
		}
	}
	report.Machine.LoadAfter = loadAverage()
	report.finish()
	return report, err
}

// runGroup measures what scenarios have in a group, in turns.
func runGroup(ctx context.Context, c Config, group string, scenarios []Scenario, report *Report) (err error) {
	l := newLab(c, group)
	defer func() {
		report.Notes = append(report.Notes, l.notes...)
		err = errors.Join(err, l.close())
	}()
	var cases []measured
	var results []Result
	defer func() { report.Results = append(report.Results, results...) }()
	for _, s := range scenarios {
		for _, p := range s.parts {
			if p.group != group {
				continue
			}
			opened, err := p.open(ctx, l)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			for _, m := range opened {
				cases = append(cases, m)
				results = append(results, Result{Scenario: s.Name, Name: m.name, Unit: m.unit, About: m.about})
			}
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

// brief is a repeat in a few words.
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
