package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	// parts open the cases of each group that has some.
	parts map[string]opener
}

// opener starts what some cases need and returns them.
type opener func(ctx context.Context, e *env) ([]measured, error)

// Long reports whether the scenario is measured only if it is named, and alone:
// its settings differ from those of the others.
func (s Scenario) Long() bool { return s.Name == Soak || s.Name == Scale }

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
			logParts, map[string]opener{groupLog: openAppend}},
		{"deposit", "deposits over --accounts accounts through GraphQL, of many clients and of one alone",
			"", map[string]opener{groupBank: openDeposit}},
		{"hot", "deposits on one account; and transfers and batches that concern it, while others deposit on it",
			"", map[string]opener{groupBank: openHot}},
		{"aged", "deposits over accounts whose histories are longer than what their actors remember",
			"", map[string]opener{groupBank: openAged}},
		{"transfer", "transfers between any two of --accounts accounts until they have arrived, of many " +
			"clients and of one alone",
			"", map[string]opener{groupBank: openTransfer}},
		{"post", "transactions with 2 and with 10 legs, on any of --accounts accounts",
			"", map[string]opener{groupBank: openPost}},
		{"mixed", "70 deposits to 20 withdrawals to 10 transfers",
			"", map[string]opener{groupBank: openMixed}},
		{"batch", "deposits in batches of 100, 50 and 10 to a request, on any accounts, and on one",
			"", map[string]opener{groupBank: openBatch}},
		{"noop", "calls of actors without any work, over the same two sidecars as deposits",
			processes, map[string]opener{groupBank: openNoop}},
		{"baseline", "for comparison: immudb alone, with the same records in the same batches; and, where PostgreSQL is " +
			"installed, a plain SQL ledger behind HTTP, as durable and as idempotent, once in four statements and once in one",
			"its own processes beside the bank's", map[string]opener{groupLog: openRaw, groupBank: openSQL}},
		{"query", "balances; and pages of 50 from histories of --history transactions, a tenth and a hundredth of that",
			"", map[string]opener{groupHistory: openQuery}},
		{"project",
			"how long views lag behind under the load of deposit; and the views rebuilt from a log of --events, and " +
				"compared with it",
			processes, map[string]opener{groupBank: openLag, groupViews: openProject}},
		{"subscribe",
			"the memory of --sockets idle websockets, deliveries to --subscribers, and how soon one receives a deposit",
			"", map[string]opener{groupIdle: openIdle, groupLive: openFanOut}},
		{"start",
			"corebank up until it is ready: on an empty directory, again, and after kill -9 of everything with " +
				"--history events in the log",
			"a bank to start and kill", map[string]opener{groupStart: openStart}},
		{Soak, "what a bank keeps in memory and on disk in an hour of everyday use, --rate operations a second with " +
			"--subscribers; only if it is named, and alone",
			processes, map[string]opener{groupSoak: openSoak}},
		{Scale, "deposits, first deposits, balances, pages and starts at logs of 100,000 events, ten times that and so on, " +
			"up to --events; only if it is named, and alone",
			processes, map[string]opener{groupScale: openScale}},
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

// The values that flags have in a kind of run, unless the user gives others.
var (
	quickPreset = map[string]string{
		"repeats": "2", "duration": "1s", "warmup": "300ms", "events": "20000", "history": "20000",
		"sockets": "1000", "accounts": "1000", "subscribers": "100",
	}
	// soakPreset has few accounts, so that within the first third of the hour
	// each actor remembers as much as it may.
	soakPreset = map[string]string{
		"repeats": "1", "duration": "1h", "rate": "500", "accounts": "500", "subscribers": "300",
	}
	scalePreset = map[string]string{"events": "1000000"}
)

// Presets are the values of flags for a run of these scenarios. A long scenario
// has settings of its own, because it is measured alone.
func Presets(scenarios []string, quick bool) map[string]string {
	preset := make(map[string]string)
	if quick {
		maps.Copy(preset, quickPreset)
	}
	switch {
	case slices.Equal(scenarios, []string{Soak}):
		maps.Copy(preset, soakPreset)
	case slices.Equal(scenarios, []string{Scale}):
		maps.Copy(preset, scalePreset)
	}
	return preset
}
