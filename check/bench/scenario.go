package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Scenario is one or several cases that users measure under one name.
type Scenario struct {
	Name  string
	About string // one sentence
	// Inside says what it needs beyond the API; empty for nothing. A scenario
	// that needs more cannot be measured on a running bank.
	Inside string
	parts  []part
}

// Long reports whether the scenario is measured only if it is named, and alone:
// its settings differ from those of the others.
func (s Scenario) Long() bool { return s.Name == Soak || s.Name == Scale }

// part is the cases of a scenario in one group.
type part struct {
	group string
	// open starts what the part needs and returns its cases.
	open func(ctx context.Context, e *env) ([]measured, error)
}

// measured is one case, a line of the report, and how to measure it once.
type measured struct {
	name, unit, about string
	run               func(ctx context.Context) (Sample, error)
}

// The long scenarios: one takes an hour, and one writes much.
const (
	Soak  = "soak"
	Scale = "scale"
)

// The groups. Cases in the same group take turns, so that they can be compared.
// Each group has its own bank, so that a log of a million events affects no other.
const (
	groupLog     = "log"
	groupBank    = "bank"
	groupViews   = "views"
	groupHistory = "history"
	groupIdle    = "idle" // its own gateway, whose memory is measured
	groupLive    = "live"
	groupStart   = "start"
	groupSoak    = "soak"
	groupScale   = "scale"
)

// groups are all groups in the order of measurement.
var groups = []string{
	groupLog, groupBank, groupViews, groupHistory, groupIdle, groupLive, groupStart, groupSoak, groupScale,
}

// Scenarios are all scenarios.
func Scenarios() []Scenario {
	const logParts, processes = "the event source's own address", "the bank's own processes and addresses"
	return []Scenario{
		{"append", "durable appends through the event source's API, expected versions checked; and one alone",
			logParts, []part{{groupLog, openAppend}}},
		{"deposit", "deposits over --accounts accounts through GraphQL",
			"", []part{{groupBank, openDeposit}}},
		{"hot", "deposits on one account",
			"", []part{{groupBank, openHot}}},
		{"aged", "deposits over accounts whose histories are longer than what their actors remember",
			"", []part{{groupBank, openAged}}},
		{"mixed", "70 deposits to 20 withdrawals to 10 transfers",
			"", []part{{groupBank, openMixed}}},
		{"batch", "deposits in batches of 100 to a request, on any accounts, and on one",
			"", []part{{groupBank, openBatch}}},
		{"noop", "calls of actors without any work, over the same two sidecars as deposits",
			processes, []part{{groupBank, openNoop}}},
		{"baseline", "for comparison: immudb alone, with the same records in the same batches; and, where PostgreSQL is " +
			"installed, a plain SQL ledger behind HTTP, as durable and as idempotent, once in four statements and once in one",
			"its own processes beside the bank's", []part{{groupLog, openRaw}, {groupBank, openSQL}}},
		{"query", "balances; and pages of 50 from histories of --history transactions, a tenth and a hundredth of that",
			"", []part{{groupHistory, openQuery}}},
		{"project",
			"how long views lag behind under the load of deposit; and the views rebuilt from a log of --events, and " +
				"compared with it",
			processes, []part{{groupBank, openLag}, {groupViews, openProject}}},
		{"subscribe",
			"the memory of --sockets idle websockets, deliveries to --subscribers, and how soon one receives a deposit",
			"", []part{{groupIdle, openIdle}, {groupLive, openFanOut}}},
		{"start",
			"corebank up until it is ready: on an empty directory, again, and after kill -9 of everything with " +
				"--history events in the log",
			"a bank to start and kill", []part{{groupStart, openStart}}},
		{Soak, "what a bank keeps in memory and on disk in an hour of everyday use, --rate operations a second with " +
			"--subscribers; only if it is named, and alone",
			processes, []part{{groupSoak, openSoak}}},
		{Scale, "deposits, first deposits, balances, pages and starts at logs of 100,000 events, ten times that and so on, " +
			"up to --events; only if it is named, and alone",
			processes, []part{{groupScale, openScale}}},
	}
}

// choose finds scenarios by name. Without names, it returns all that can be
// measured except the long ones; remote means on a running bank.
func choose(names []string, remote bool) (chosen []Scenario, err error) {
	all := Scenarios()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s Scenario) bool { return s.Name == name }) {
			err = errors.Join(err, fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(namesOf(all), ", ")))
		}
	}
	for _, s := range all {
		named := slices.Contains(names, s.Name)
		if remote && named && s.Inside != "" {
			err = errors.Join(err,
				fmt.Errorf("%s cannot be measured with --url: it needs %s; leave out --url and it starts what it needs", s.Name,
					s.Inside))
		}
		if named && s.Long() && len(names) > 1 {
			err = errors.Join(err, fmt.Errorf("%s is measured alone: its settings are others", s.Name))
		}
		if named || len(names) == 0 && !s.Long() && !(remote && s.Inside != "") {
			chosen = append(chosen, s)
		}
	}
	return chosen, err
}

func namesOf(scenarios []Scenario) []string {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.Name)
	}
	return names
}
