package laws

import (
	"fmt"
	"strings"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Finding is one place where a law does not hold. Position, Account and Version are those that the record gives
// itself, where it is about one.
type Finding struct {
	Law      Law            `json:"rule"`
	Position int64          `json:"position,omitempty"`
	Account  bank.AccountID `json:"account,omitempty"`
	Version  int64          `json:"version,omitempty"`
	Expected string         `json:"expected"`
	Found    string         `json:"found"`
}

// String is the finding in one line.
func (f Finding) String() string {
	var where []string
	if f.Position != 0 {
		where = append(where, fmt.Sprintf("position %d", f.Position))
	}
	if f.Account != "" {
		where = append(where, string(f.Account))
	}
	if f.Version != 0 {
		where = append(where, fmt.Sprintf("version %d", f.Version))
	}
	text := fmt.Sprintf("%s: expected %s, found %s", f.Law, f.Expected, f.Found)
	if len(where) == 0 {
		return text
	}
	return strings.Join(where, ", ") + ": " + text
}

// Brief is the finding without the sentence of its law, where that is all it expected.
func (f Finding) Brief() string {
	if f.Expected == expected(f.Law) {
		return f.Found
	}
	return f.String()
}

// expected is what a finding in words expected.
func expected(law Law) string { return "that " + law.Sentence() }

// MaxFindings bounds the findings that are recorded; the others are counted. Of each law the first maxOfLaw are
// recorded in any case.
const (
	MaxFindings = 100
	maxOfLaw    = 10
)

// Findings are what was checked and what was found. The zero Findings are ready.
type Findings struct {
	Kept    []Finding
	Total   int64
	checked map[Law]int64
	broken  map[Law]int64
	excused map[bank.AccountID]bool
}

// Excuse has the faults of an account left out: they were made on purpose. What they do to other accounts is still
// reported.
func (f *Findings) Excuse(id bank.AccountID) {
	if f.excused == nil {
		f.excused = make(map[bank.AccountID]bool)
	}
	f.excused[id] = true
}

// Add adds a finding.
func (f *Findings) Add(found Finding) {
	if f.excused[found.Account] {
		return
	}
	if f.broken == nil {
		f.broken = make(map[Law]int64)
	}
	f.Total++
	f.broken[found.Law]++
	if len(f.Kept) < MaxFindings || f.broken[found.Law] <= maxOfLaw {
		f.Kept = append(f.Kept, found)
	}
}

// Violated adds a finding in words.
func (f *Findings) Violated(law Law, format string, args ...any) {
	f.Add(Finding{Law: law, Expected: expected(law), Found: fmt.Sprintf(format, args...)})
}

// about adds a finding about a record.
func (f *Findings) about(r contract.Record, law Law, expected, found string) {
	f.Add(Finding{Law: law, Position: r.Position, Account: r.Account, Version: r.Version, Expected: expected,
		Found: found})
}

// Check counts what was held to a law.
func (f *Findings) Check(law Law, n int) {
	if f.checked == nil {
		f.checked = make(map[Law]int64)
	}
	f.checked[law] += int64(n)
}

// Of is how often a law was checked, how often it did not hold, and the findings about it that were recorded.
func (f *Findings) Of(law Law) (checked, broken int64, examples []Finding) {
	for _, found := range f.Kept {
		if found.Law == law {
			examples = append(examples, found)
		}
	}
	return f.checked[law], f.broken[law], examples
}
