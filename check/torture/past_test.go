package torture

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/internal/contract"
)

// What the bank is given as its past is a log that an auditor believes.
func TestThePastIsASoundLog(t *testing.T) {
	for _, events := range []int{1, 100, 101, 5000} {
		past := Past{Seed: 7, Events: events}
		a := audit.New()
		for r := range past.Records() {
			a.Record(r)
		}
		report := a.Report(time.Time{}, 0, nil)
		if !report.OK || report.Records != int64(events) || int(report.Accounts) != past.accounts() {
			t.Errorf("%d events: %s", events, report)
		}
		if events == 5000 && (report.Accounts != 50 || report.Transactions != 4950) {
			t.Errorf("%d accounts, %d transactions", report.Accounts, report.Transactions)
		}
	}
}

func TestASeedHasOnePast(t *testing.T) {
	if first, again := slices.Collect(
		Past{Seed: 7, Events: 300}.Records(),
	), slices.Collect(
		Past{Seed: 7, Events: 300}.Records(),
	); !reflect.DeepEqual(first, again) {
		t.Error("the second reading differs")
	}
}

func TestAChangedPastIsFound(t *testing.T) {
	for name, lie := range map[string]struct {
		says string
		tell func([]contract.Record) []contract.Record
	}{
		"an event is gone": {"the log had 200 events and has 199", func(log []contract.Record) []contract.Record {
			return log[:199]
		}},
		"an amount is another": {"position 150", func(log []contract.Record) []contract.Record {
			log[149].Data = []byte(strings.Replace(string(log[149].Data), `"minor":`, `"minor":1`, 1))
			return log
		}},
		"two are exchanged": {"position 150", func(log []contract.Record) []contract.Record {
			log[149], log[150] = log[150], log[149]
			return log
		}},
		"a key is another": {"position 7", func(log []contract.Record) []contract.Record {
			log[6].Key = "other"
			return log
		}},
	} {
		t.Run(name, func(t *testing.T) {
			past := Past{Seed: 7, Events: 200}
			e := &Evidence{History: laws.History{Findings: new(laws.Findings)}, Past: past}
			for _, r := range lie.tell(slices.Collect(past.Records())) {
				e.Record(r)
			}
			e.comparison.end()
			if _, _, found := e.Findings.Of(laws.Unchanged); len(found) == 0 || !strings.Contains(fmt.Sprint(found), lie.says) {
				t.Errorf("found %+v, want one that says %q", found, lie.says)
			}
		})
	}
}
