package torture

import (
	"math"
	"slices"
	"time"

	"corebank/internal/contract"
)

// Report is the result of a run. Its JSON form is for machines: fields are
// added, never renamed, and times are in seconds.
type Report struct {
	Seed     uint64    `json:"seed"`
	Began    time.Time `json:"began"`
	Took     Seconds   `json:"took"`
	Clients  int       `json:"clients"`
	Accounts int       `json:"accounts"`
	// Violations counts what broke a law.
	Violations int `json:"violations"`
	// Faults counts all, Kinds tells them by kind, Injected one by one.
	Faults      int                     `json:"faults"`
	Kinds       []KindReport            `json:"kinds"`
	Answers     map[contract.Status]int `json:"answers"`
	Log         LogReport               `json:"log"`
	Subscribers WatchReport             `json:"subscribers"`
	Findings    []Finding               `json:"laws"`
	Injected    []Injected              `json:"injected"`
}

// Seconds is a time for machines.
type Seconds float64

func secondsOf(d time.Duration) Seconds { return Seconds(d.Round(time.Millisecond).Seconds()) }

// Duration is the time in whole milliseconds.
func (s Seconds) Duration() time.Duration {
	return time.Duration(math.Round(float64(s)*1e3)) * time.Millisecond
}

// KindReport is how one kind of fault went.
type KindReport struct {
	Kind  Kind `json:"kind"`
	Times int  `json:"times"`
	// Longest is of what lasts the longest that it lasted, 0 of all else.
	Longest Seconds `json:"longest"`
	// Next and Whole are those of Injected.
	Next  Spread `json:"nextAcknowledged"`
	Whole Spread `json:"whole"`
	// Target is how soon the next command is to be acknowledged; 0 for no
	// target. Met says whether it always was.
	Target Seconds `json:"target,omitempty"`
	Met    bool    `json:"met"`
}

// Spread is what there is to say of many times.
type Spread struct {
	Median Seconds `json:"median"`
	Worst  Seconds `json:"worst"`
}

// LogReport is the log at the end: its events and their accounts, and how many
// of the events were there before the bank was hurt.
type LogReport struct {
	Events   int64 `json:"events"`
	Accounts int   `json:"accounts"`
	Before   int64 `json:"before"`
}

// WatchReport is what all subscribers saw together.
type WatchReport struct {
	Count   int `json:"count"`
	Seen    int `json:"seen"`
	Resumed int `json:"resumed"`
}

// Injected is one fault as it went.
type Injected struct {
	Kind  Kind    `json:"kind"`
	At    Seconds `json:"at"`
	Lasts Seconds `json:"lasts"`
	// Next is how long after the fault the first command was acknowledged that
	// was sent after it; Whole how long until every part ran and the bank said
	// that it is ready. Of what lasts, both are after it was over.
	Next  Seconds `json:"nextAcknowledged"`
	Whole Seconds `json:"whole"`
}

// target is how soon the next command is to be acknowledged after a fault; 0 for
// no target.
func target(kind Kind) Seconds {
	if what, _ := kind.split(); what == Kill {
		return 6
	}
	if kind == Everything {
		return 10
	}
	return 0
}

// byKind sums the faults up, in the order of Kinds.
func byKind(injected []Injected) (lines []KindReport) {
	for _, kind := range Kinds(contract.MaxPartitions) {
		var next, whole []Seconds
		line := KindReport{Kind: kind, Target: target(kind)}
		for _, i := range injected {
			if i.Kind == kind {
				next, whole = append(next, i.Next), append(whole, i.Whole)
				line.Longest = max(line.Longest, i.Lasts)
			}
		}
		if line.Times = len(next); line.Times == 0 {
			continue
		}
		line.Next, line.Whole = spread(next), spread(whole)
		line.Met = line.Target == 0 || line.Next.Worst <= line.Target
		lines = append(lines, line)
	}
	return lines
}

func spread(all []Seconds) Spread {
	slices.Sort(all)
	return Spread{Median: all[len(all)/2], Worst: all[len(all)-1]}
}

// Answered counts all answers.
func (r Report) Answered() (total int) {
	for _, n := range r.Answers {
		total += n
	}
	return total
}
