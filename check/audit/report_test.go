package audit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/check/laws"
)

var proof = &audit.Proof{Transactions: 1234, Hash: "00ff", Since: &audit.Earlier{Transaction: 1000, At: opening}}

// What people read: golden, because they do.
func TestTheReportForPeople(t *testing.T) {
	b := soundLog(t)
	a := audit.New()
	a.Expect(viewsOf(t, project(t, b.Records[:7])))
	for _, r := range b.Records {
		a.Record(r)
	}
	got := a.Report(opening, 2*time.Second, proof).String()
	want := `The audit found nothing wrong.

  log           8 records, the last at position 8
  accounts      2
  transactions  6
  keys          8, each used once in its account
  EUR           customers 0.00, cash 0.00
  JPY           customers 0, cash 0
  views         equal to the log at position 7: 2 accounts, 5 transactions
  immudb        proven from the first to the last of 1,234 transactions;
                transaction 1,000 is the one that was audited at
                2026-03-01T09:00:00Z
  time          2.0 s, 4 records a second
`
	if got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
}

func TestTheReportOfFaultsForPeople(t *testing.T) {
	b := soundLog(t)
	b.Records[7].RequestHash = ""
	a := audit.New()
	for _, r := range b.Records {
		a.Record(r)
	}
	a.Find(laws.Finding{Law: laws.Proof, Expected: "a proof", Found: "none"})
	got := a.Report(opening, 0, nil).String()
	want := `The audit found 2 faults.

  log           8 records, the last at position 8
  accounts      2
  transactions  6
  keys          8
  EUR           customers 0.00, cash 0.00
  JPY           customers 0, cash 0
  views         not compared
  immudb        not proven
  time          0.0 s

Faults:
  position 8, ` + string(ada) + `, version 5: request: expected the request's hash: 32 hexadecimal digits, found ""
  proof: expected a proof, found none
`
	if got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
}

// What machines read: names are promises.
func TestTheReportForMachines(t *testing.T) {
	b := soundLog(t)
	b.Records[7].RequestHash = ""
	a := audit.New()
	a.Expect(viewsOf(t, project(t, b.Records[:7])))
	for _, r := range b.Records {
		a.Record(r)
	}
	var text strings.Builder
	if err := a.Report(opening, 2*time.Second, proof).WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	want := `{"ok":false,"position":8,"records":8,"accounts":2,"transactions":6,"keys":8,` +
		`"totals":[{"currency":"EUR","customers":"0.00","cash":"0.00","transit":"0.00","settlement":"0.00"},` +
		`{"currency":"JPY","customers":"0","cash":"0","transit":"0","settlement":"0"}],` +
		`"views":{"checkpoint":7,"accounts":2,"transactions":5,"different":0},` +
		`"proof":{"transactions":1234,"hash":"00ff","since":{"transaction":1000,"at":"2026-03-01T09:00:00.123456Z"}},` +
		`"findings":[{"rule":"request","position":8,"account":"` + string(ada) + `","version":5,` +
		`"expected":"the request's hash: 32 hexadecimal digits","found":"\"\""}],"findingsTotal":1,` +
		`"began":"2026-03-01T09:00:00.123456Z","seconds":2,"recordsPerSecond":4}`
	var got, wanted any
	if err := json.Unmarshal([]byte(text.String()), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(got)
	y, _ := json.Marshal(wanted)
	if string(x) != string(y) {
		t.Errorf("the report is\n%s\nwant\n%s", x, y)
	}
}
