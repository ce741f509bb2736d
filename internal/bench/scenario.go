package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Scenario is something that users measure, under one name: one case or
// several.
type Scenario struct {
	Name  string
	About string // one sentence
	// group names the scenarios that take turns: what is compared with each
	// other is in the same.
	group string
	// remote says that it can be measured on a bank that runs already.
	remote bool
	// open starts what the scenario needs and says what there is to measure.
	open func(ctx context.Context, l *lab) ([]measured, error)
}

// measured is one line of the report, and how to measure it once.
type measured struct {
	name, unit, about string
	run               func(ctx context.Context) (Sample, error)
}

// Scenarios are all that there are, in the order in which they are measured.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "append", group: groupLog, open: openAppend,
			About: "durable appends through the event source's API, expected versions checked; and one alone"},
		{Name: "baseline", group: groupLog, open: openRaw,
			About: "immudb alone: the same records in the same batches, written by clients of its own"},
		{Name: "project", group: groupBank, open: openProject,
			About: "the views built anew from a log of --events, and compared with it"},
	}
}

// The groups of scenarios.
const (
	groupLog  = "log"
	groupBank = "bank"
)

// choose finds scenarios by name; all if none is named.
func choose(names []string) ([]Scenario, error) {
	all := Scenarios()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []Scenario
	for _, s := range all {
		if slices.Contains(names, s.Name) {
			chosen = append(chosen, s)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s Scenario) bool { return s.Name == name }) {
			return nil, fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(namesOf(all), ", "))
		}
	}
	return chosen, nil
}

func namesOf(scenarios []Scenario) []string {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.Name)
	}
	return names
}
