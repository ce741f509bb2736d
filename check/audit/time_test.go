package audit_test

import (
	"strings"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/internal/bank"
)

// TestTheAuditFindsWrongTimes: what is dated far after its commit or the audit, and what turns back without need. What
// builds without a bound wrote is sound.
func TestTheAuditFindsWrongTimes(t *testing.T) {
	const day = 24 * time.Hour
	type record struct{ dated, committed time.Duration } // since the opening
	for name, test := range map[string]struct {
		records []record
		earlier int // records of an earlier build
		found   string
	}{
		"as it should be": {records: []record{{0, 0}, {time.Hour, time.Hour}, {3 * time.Hour, time.Hour}}},
		"far after its commit": {records: []record{{0, 0}, {3 * time.Hour, time.Minute}},
			found: "far after its commit"},
		"far after the audit":         {records: []record{{0, 0}, {12 * day, 12 * day}}, found: "far after this audit"},
		"far ahead, an earlier build": {records: []record{{0, 0}, {400 * day, 0}, {400 * day, 0}}, earlier: 3},
		"and turned back": {records: []record{{0, 0}, {400 * day, 0}, {time.Hour, time.Hour}, {day, day}},
			earlier: 2},
		"turned back a little": {records: []record{{0, 0}, {time.Hour, time.Hour}, {0, time.Hour}},
			found: "no time before the account's last event"},
		"turned back from a time that had come": {records: []record{{0, 0}, {day, day}, {time.Hour, 2 * day}},
			found: "no time before the account's last event"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTestLog(t)
			for i, r := range test.records {
				b.Now = opening.Add(r.dated)
				if i == 0 {
					b.open("ada", "EUR")
				} else {
					b.Do(ada, bank.Deposit{Amount: cents(100)})
				}
			}
			a := audit.New()
			a.Now = opening.Add(10 * day)
			for i, r := range b.Records {
				if a.Committed(opening.Add(test.records[i].committed).Truncate(time.Second)); i < test.earlier {
					a.Committed(time.Time{})
				}
				a.Record(r)
			}
			report := a.Report(opening, time.Second, nil)
			if report.OK != (test.found == "") {
				t.Fatalf("findings: %v", report.Findings)
			}
			for _, f := range report.Findings {
				if f.Law != laws.Time || !strings.Contains(f.Expected, test.found) {
					t.Errorf("found %v", f)
				}
			}
		})
	}
}
