package audit_test

import (
	"testing"

	"corebank/check/laws"
	"corebank/internal/contract"
)

// together makes records of the sound log one append to several accounts, as they say.
func together(first int64, more ...int) func([]contract.Record) []contract.Record {
	return func(records []contract.Record) []contract.Record {
		for i, n := range more {
			records[first-1+int64(i)].More = n
		}
		return records
	}
}

var brokenAppends = []broken{
	{"an append lacks a record", together(3, 3, 1, 0),
		laws.OnePiece, 4, "a record that 2 more of its append follow", "one that 1 more follow"},
	{"another record is inside an append", together(3, 2, 0),
		laws.OnePiece, 4, "a record that 1 more of its append follow", "one that 0 more follow"},
	{"less than nothing follows", together(3, -1),
		laws.OnePiece, 3, "a record that 0 more of its append follow", "one that -1 more follow"},
}

func TestAppendsToSeveralAccountsAreInOnePiece(t *testing.T) {
	if report := auditOf(together(3, 2, 1, 0, 1, 0)(soundLog(t).Records), nil); !report.OK {
		t.Errorf("findings: %v", report.Findings)
	}
	report := auditOf(together(6, 3, 2, 1)(soundLog(t).Records), nil)
	want := laws.Finding{Law: laws.OnePiece, Position: 8,
		Expected: "1 more records of the last append", Found: "the end of the log"}
	if len(report.Findings) != 1 || report.Findings[0] != want {
		t.Errorf("a log that ends inside an append: %v", report.Findings)
	}
	damaged := together(3, 2, 1, 0)(soundLog(t).Records)
	damaged[3].Data = []byte("{}") // it cannot be read, and says what follows it nevertheless
	for _, f := range auditOf(damaged, nil).Findings {
		if f.Law == laws.OnePiece {
			t.Errorf("a record that cannot be read: %v", f)
		}
	}
}
