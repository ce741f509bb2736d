package torture

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"corebank/check/laws"
	"corebank/internal/contract"
	"corebank/internal/terminal"
)

// TestARunFitsATerminal: every line of a run with all faults, at their slowest.
func TestARunFitsATerminal(t *testing.T) {
	for _, config := range []Config{{Kinds: Kinds(3)}, {Kinds: MachineKinds(), Machines: 3}} {
		config.Seed, config.Duration, config.Clients, config.Accounts = 1_000_000, 12*time.Hour, 256, 1000
		config.Data = "/tmp/corebank-torture-1234567890"
		fitsATerminal(t, config)
	}
}

func fitsATerminal(t *testing.T, config Config) {
	var out strings.Builder
	d := &display{out: &out}
	d.plan(config)
	d.ready(time.Minute, config)
	var injected []Injected
	for i, kind := range config.Kinds {
		fault := Injected{Kind: kind, At: Seconds(600 * i), Lasts: 59.99, Next: 59.99, Whole: 59.99,
			Own: Waits{59.99, 10_000}, Others: Waits{59.99, 10_000}}
		injected = append(injected, fault)
		d.injected(fault, 100_000, time.Hour, progress{done: i + 1, left: 99 * time.Minute})
	}
	report := Report{Took: 3600, Machines: config.Machines, Kinds: byKind(injected), Faults: len(injected)}
	report.Answers = map[contract.Status]int{
		contract.Applied: 1_000_000, contract.Replayed: 100_000, contract.Refused: 100_000, contract.Unavailable: 100_000}
	for _, law := range slices.Concat(laws.OfLog, laws.OfRun) {
		report.Findings = append(report.Findings, Finding{Law: law, Checked: 1_000_000_000, Sentence: law.Sentence()})
	}
	if err := d.report(report); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > terminal.Columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
