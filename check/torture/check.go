package torture

import (
	"slices"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// lawsOfRun are the laws that a run is held to, in the order of its report.
var lawsOfRun = append(slices.Concat(laws.OfRun, laws.OfLog), laws.Unchanged, laws.Always, laws.Served,
	laws.StandStill, laws.Heals)

// Finding is a law and what was checked of it.
type Finding struct {
	Law laws.Law `json:"law"`
	// Sentence is what the law holds.
	Sentence string `json:"sentence"`
	// Checked counts what was held to the law; Violations what broke it, of which
	// Examples has the first.
	Checked    int64    `json:"checked"`
	Violations int64    `json:"violations"`
	Examples   []string `json:"examples,omitempty"`
}

// maxExamples bounds the violations of a law that are reported in words.
const maxExamples = 10

func findingsOf(found *laws.Findings) (all []Finding) {
	for _, law := range lawsOfRun {
		f := Finding{Law: law, Sentence: law.Sentence()}
		var examples []laws.Finding
		f.Checked, f.Violations, examples = found.Of(law)
		for _, one := range examples[:min(len(examples), maxExamples)] {
			f.Examples = append(f.Examples, one.Brief())
		}
		all = append(all, f)
	}
	return all
}

// Evidence is all that is known of a run: give it the log, then Check it.
type Evidence struct {
	laws.History
	// Views is nil if they could not be read.
	Views *laws.ViewSums
	// Served are what the API says of the accounts.
	Served map[bank.AccountID]shown
	// Poisoned are the accounts into whose history somebody put what cannot be
	// read.
	Poisoned map[bank.AccountID]Kind
	// Past is what the log was before, Used those of its accounts that clients
	// used.
	Past Past
	Used map[bank.AccountID]bool

	log        *laws.Log
	comparison *comparison
}

// Record takes the next record of the log.
func (e *Evidence) Record(r contract.Record) {
	if e.log == nil {
		e.begin()
	}
	e.log.Record(r)
	if e.comparison.next(r) && !e.Used[r.Account] {
		return
	}
	e.History.Record(r)
}

// begin gets ready for the first record.
func (e *Evidence) begin() {
	e.log = laws.NewLog(e.Findings)
	e.comparison = e.Past.compare(e.Findings)
	e.Before = int64(e.Past.Events)
	for id := range e.Poisoned {
		e.Findings.Excuse(id)
	}
	if e.Views != nil {
		e.log.Expect(e.Views)
	}
}

// Check checks every law.
func (e *Evidence) Check() {
	if e.log == nil {
		e.begin()
		e.Findings.Violated(laws.Position, "the log is empty")
	}
	if e.Views == nil {
		e.Findings.Violated(laws.Views, "the views could not be read")
	}
	e.log.End()
	e.log.CheckEnded()
	e.comparison.end()
	e.History.Check()
	e.checkServed()
}

// checkServed compares what the API says of the accounts with the log, and with
// what was done to them.
func (e *Evidence) checkServed() {
	e.Findings.Check(laws.Served, len(e.Served))
	e.Findings.Check(laws.StandStill, len(e.Served))
	for id, got := range e.Served {
		var want shown // of a stream of rejections, and no account
		if last := e.Last(id); last.IsOpen() {
			want = shown{value: last.Balance.Minor, version: last.Version}
		}
		if got.value != want.value || got.version != want.version {
			e.Findings.Violated(laws.Served, "%s: the API says %d at version %d, the log %d at version %d",
				id, got.value, got.version, want.value, want.version)
		}
		if got.stale && e.Poisoned[id] == "" {
			e.Findings.Violated(laws.StandStill, "%s is shown as stale and was not poisoned", id)
		}
	}
	for id, kind := range e.Poisoned {
		if !e.Served[id].stale {
			e.Findings.Violated(laws.StandStill, "%s had %s and is not shown as stale", id, kind)
		}
	}
}
