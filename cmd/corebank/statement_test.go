package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/localbank/datadir"
)

// statementOf runs corebank statement for an account, signed in as a client is.
func statementOf(t *testing.T, client *banktest.Client, account string, from, to time.Time, more ...string) outcome {
	t.Helper()
	return corebank(t, []string{"COREBANK_TOKEN=" + client.Token},
		append([]string{"statement", "--url", client.URL, "--account", account,
			"--from", from.UTC().Format(time.RFC3339Nano), "--to", to.UTC().Format(time.RFC3339Nano)}, more...)...)
}

func TestAStatementOfAMonth(t *testing.T) {
	bank := banktest.Start(t)
	ada, from, to := bank.Month("march")
	csv := statementOf(t, bank.Client, ada, from, to)
	if csv.code != 0 || strings.Count(csv.stdout, "\r\n") != 12 ||
		!strings.Contains(csv.stdout, "WITHDRAWAL,-10.00,1525.00,EUR") {
		t.Errorf("%+v", csv)
	}
	file := filepath.Join(t.TempDir(), "march.xml")
	camt := statementOf(t, bank.Client, ada, from, to, "--format", "camt053", "--out", file)
	text, err := os.ReadFile(file)
	if camt.code != 0 || camt.stdout != "" || err != nil || strings.Count(string(text), "<Ntry>") != 9 ||
		!strings.Contains(string(text), `<Amt Ccy="EUR">1525.00</Amt>`) {
		t.Errorf("%+v, %v: %s", camt, err, text)
	}
	refused := statementOf(t, bank.Client, ada, to, from, "--out", file)
	again, _ := os.ReadFile(file)
	if refused.code != 1 || !strings.Contains(refused.stderr, "from must be before to") || string(again) != string(text) {
		t.Errorf("%+v; the file holds %s", refused, again)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".statement-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	missing := statementOf(t, bank.Client, "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", from, to)
	if missing.code != 1 || !strings.Contains(missing.stderr, "did not exist") {
		t.Errorf("%+v", missing)
	}
}

// TestAStatementToTodayInAZone: of the bank on --data, at the port that it has, for
// a spreadsheet, on standard output and through a FIFO.
func TestAStatementToTodayInAZone(t *testing.T) {
	bank := banktest.Start(t)
	ada := bank.Open("ada")
	bank.Do(`mutation($id: ID!) { deposit(input: {accountId: $id, amount: {value: "7.00", currency: "EUR"},
		memo: "=1+1", idempotencyKey: "one"}) { transaction { id } } }`, map[string]any{"id": ada})
	data := t.TempDir()
	if err := (datadir.Dir{Path: data}).WriteRunning(datadir.Running{Gateway: bank.URL}); err != nil {
		t.Fatal(err)
	}
	statement := []string{"statement", "--data", data, "--account", ada, "--from", "yesterday", "--to", "today",
		"--zone", "Asia/Kathmandu", "--bom", "--out"}
	signedIn := []string{"COREBANK_TOKEN=" + bank.Token}
	got := corebank(t, signedIn, append(statement, "-")...)
	today := time.Now().In(time.FixedZone("", 5*3600+45*60)).Format(time.DateOnly)
	if got.code != 0 || !strings.HasPrefix(got.stdout, "\ufeffbookedAt,") || !strings.Contains(got.stdout, ",'=1+1,") ||
		!strings.Contains(got.stdout, "DEPOSIT,7.00,7.00,EUR") || !strings.Contains(got.stdout, "\n"+today+"T") ||
		!strings.Contains(got.stdout, "+05:45,CLOSING_BALANCE,,7.00") {
		t.Errorf("%+v", got)
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := exec.Command("mkfifo", fifo).Run(); err != nil {
		t.Skip("there are no FIFOs here")
	}
	read := make(chan string, 1)
	go func() {
		text, err := os.ReadFile(fifo)
		read <- fmt.Sprint(string(text), err)
	}()
	if got := corebank(t, signedIn, append(statement, fifo)...); got.code != 0 || got.stdout != "" {
		t.Errorf("%+v", got)
	}
	if text := <-read; !strings.Contains(text, "CLOSING_BALANCE,,7.00") {
		t.Errorf("the reader of the FIFO got %q", text)
	}
}

// TestAStatementIsReadInPages: more transactions than one page holds.
func TestAStatementIsReadInPages(t *testing.T) {
	bank := banktest.Start(t)
	ada, from := bank.Open("ada"), time.Now().Add(-time.Second)
	for batch := range 3 {
		var items []any
		for i := range 100 {
			items = append(items, map[string]any{"deposit": map[string]any{"accountId": ada, "amount": banktest.EUR("0.01"),
				"idempotencyKey": fmt.Sprint(batch, "-", i)}})
		}
		var done struct{ PostBatch struct{ FailedIndex *int } }
		bank.Get(`mutation($items: [BatchItemInput!]!) { postBatch(input: {items: $items}) { failedIndex } }`,
			map[string]any{"items": items}, &done)
		if done.PostBatch.FailedIndex != nil {
			t.Fatalf("%+v", done)
		}
	}
	to := time.Now()
	got := statementOf(t, bank.Client, ada, from, to.Add(-to.Sub(to.Truncate(time.Millisecond))+time.Millisecond),
		"--format", "json")
	if got.code != 0 || strings.Count(got.stdout, `"DEPOSIT"`) != 300 ||
		!strings.Contains(got.stdout, `"closing":"3.00"`) {
		t.Errorf("%d lines: %.300s %s", strings.Count(got.stdout, `"DEPOSIT"`), got.stdout, got.stderr)
	}
}

func TestWhatIsNoStatement(t *testing.T) {
	for says, arguments := range map[string][]string{
		"--account": {"--account", "42", "--from", "2026-03-01", "--to", "2026-04-01"},
		"--from":    {"--account", "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "--from", "March", "--to", "2026-04-01"},
		"csv, json or camt053": {"--account", "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "--from", "2026-03-01", "--to",
			"2026-04-01", "--format", "pdf"},
		`"account", "from", "to"`: {},
		"--zone": {"--account", "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "--from", "2026-03-01", "--to", "2026-04-01",
			"--zone", "Mars"},
		"--bom": {"--account", "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "--from", "2026-03-01", "--to", "2026-04-01",
			"--format", "json", "--bom"},
		"--out": {"--account", "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "--from", "2026-03-01", "--to", "2026-04-01",
			"--out", "/missing/march.csv"},
	} {
		got := corebank(t, nil, append([]string{"statement"}, arguments...)...)
		if got.code != 2 || !strings.Contains(got.stderr, says) {
			t.Errorf("%s: %+v", says, got)
		}
	}
}
