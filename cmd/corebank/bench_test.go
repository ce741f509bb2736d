package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// runBench runs the command in a directory for its temporary files, which must
// be empty afterwards.
func runBench(t *testing.T, arguments ...string) (out string, err error) {
	t.Helper()
	return runBenchAs(t, "", arguments...)
}

// runBenchAs is runBench with a token for a bank that runs already.
func runBenchAs(t *testing.T, token string, arguments ...string) (out string, err error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	command := exec.CommandContext(within(t, coldStart), path, append([]string{"bench"}, arguments...)...)
	command.Env = append(os.Environ(), "TMPDIR="+dir, "COREBANK_TOKEN="+token)
	text, err := command.CombinedOutput()
	if left, readErr := os.ReadDir(dir); readErr != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, readErr)
	}
	return string(text), err
}

// benchReport is what the tests look at in a report.
type benchReport struct {
	Results []struct {
		Name    string
		Failed  int
		Figures []struct {
			Name                string
			Median, Least, Most float64
		}
	}
	Ratios []struct{ Over, Under string }
	Notes  []string
}

// readReport reads a report and holds each of its figures against reason.
func readReport(t *testing.T, path, table string) (report benchReport) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Results {
		if len(result.Figures) == 0 || result.Failed > 0 {
			t.Errorf("%s: %d figures, %d failed calls", result.Name, len(result.Figures), result.Failed)
		}
		for _, f := range result.Figures {
			if f.Least <= 0 || f.Median < f.Least || f.Most < f.Median {
				t.Errorf("%s: %s is %v, from %v to %v", result.Name, f.Name, f.Median, f.Least, f.Most)
			}
		}
		if !strings.Contains(table, result.Name) {
			t.Errorf("the table does not have %s", result.Name)
		}
	}
	return report
}

// tiny makes a bench as short as it can be.
var tiny = []string{"--repeats", "1", "--duration", "200ms", "--warmup", "50ms", "--accounts", "50", "--batch", "10",
	"--events", "2000",
	"--history", "5000", "--sockets", "20", "--subscribers", "20"}

// The parts of a real bank that only a bank of its own has, and what they are
// compared with; each form of the report has them.
func TestASmallBenchOfABankOfItsOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole bank")
	}
	dir := t.TempDir()
	encoded, page := filepath.Join(dir, "bench.json"), filepath.Join(dir, "bench.html")
	out, err := runBench(t, append(tiny, "append", "deposit", "noop", "hot", "baseline", "project", "--json", encoded,
		"--html", page)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	report := readReport(t, encoded, out)
	cases, ratios := 12, 4
	if !strings.Contains(out, "PostgreSQL is not installed") {
		cases, ratios = 16, 8
	}
	if len(report.Results) != cases || len(report.Ratios) != ratios {
		t.Errorf("%d cases and %d ratios, want %d and %d\n%s", len(report.Results), len(report.Ratios), cases, ratios, out)
	}
	if html, err := os.ReadFile(page); err != nil || !strings.Contains(string(html), "</svg>") {
		t.Errorf("the page has no chart (%v)", err)
	}
}

func TestASmallSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole bank")
	}
	dir := t.TempDir()
	encoded, page := filepath.Join(dir, "soak.json"), filepath.Join(dir, "soak.html")
	out, err := runBench(t, "soak", "--duration", "4s", "--warmup", "500ms", "--rate", "100", "--clients", "16",
		"--accounts", "50",
		"--subscribers", "150", "--json", encoded, "--html", page)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report struct {
		Results []struct {
			Repeats []struct{ Memory []struct{ Process string } }
		}
	}
	if text, err := os.ReadFile(encoded); err != nil || json.Unmarshal(text, &report) != nil ||
		len(report.Results) != 1 || len(report.Results[0].Repeats[0].Memory) != 14 {
		t.Errorf("the JSON does not have the memory of 14 processes: %+v (%v)", report, err)
	}
	for _, process := range []string{"immudb", "eventsource", "eventsource sidecar", "actor", "actor sidecar",
		"projector", "projector sidecar",
		"server", "server sidecar", "nats", "placement", "sentry", "up", "bench"} {
		if !regexp.MustCompile(`(?m)^` + process + `  .*  too short to tell`).MatchString(out) {
			t.Errorf("the table does not have the memory of %s", process)
		}
	}
	for _, says := range []string{"disk for an event, immudb", "last tenth, rate", "log's growth",
		"delivered to subscribers", "s of 4s  p50"} {
		if !strings.Contains(out, says) {
			t.Errorf("nothing is said of %q", says)
		}
	}
	if html, err := os.ReadFile(page); err != nil || strings.Count(string(html), "<polyline") != 14 {
		t.Errorf("the page does not have a curve for each process (%v)", err)
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestASmallBenchOfABankThatRuns(t *testing.T) {
	bank := banktest.Start(t)
	encoded := filepath.Join(t.TempDir(), "bench.json")
	out, err := runBenchAs(t, bank.Token, append(tiny, "--url", bank.URL, "--json", encoded)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	report := readReport(t, encoded, out)
	if len(report.Results) != 21 || len(report.Notes) != 1 {
		t.Errorf("%d cases and %q, want 21 and a word about memory\n%s", len(report.Results), report.Notes, out)
	}
}

func TestTheBenchSaysWhatItDoesNotUnderstand(t *testing.T) {
	for arguments, says := range map[string]string{
		"apend":                          "there are append, deposit",
		"--url ftp://x":                  "http://127.0.0.1:8080",
		"start --url http://127.0.0.1:1": "start cannot be measured with --url",
		"hot --url http://127.0.0.1:1":   "corebank token",
		"hot --url http://127.0.0.1:1 --token-file missing": "--token-file",
		"--repeats 0":   "want 1 to 100",
		"--duration 0s": "--duration 5s",
	} {
		if out, err := runBench(t, strings.Fields(arguments)...); err == nil || !strings.Contains(out, says) {
			t.Errorf("bench %s: %v, %q; want it to say %q", arguments, err, out, says)
		}
	}
}

func TestASmallScale(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole bank, twice")
	}
	encoded := filepath.Join(t.TempDir(), "scale.json")
	out, err := runBench(t, "scale", "--events", "4000", "--repeats", "2", "--duration", "200ms", "--warmup", "50ms",
		"--clients", "4", "--json", encoded)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if report := readReport(t, encoded, out); len(report.Results) != 5 {
		t.Errorf("%d cases, want 5", len(report.Results))
	}
	for _, says := range []string{"first deposit at 4,000", "memory, actor", "disk, immudb", "400 accounts"} {
		if !strings.Contains(out, says) {
			t.Errorf("nothing is said of %q\n%s", says, out)
		}
	}
}
