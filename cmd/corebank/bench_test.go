package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runBench runs the command in a directory for its temporary files, which must
// be empty afterwards.
func runBench(t *testing.T, arguments ...string) (out string, err error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	command := exec.CommandContext(within(t, coldStart), path, append([]string{"bench"}, arguments...)...)
	command.Env = append(os.Environ(), "TMPDIR="+dir)
	text, err := command.CombinedOutput()
	if left, readErr := os.ReadDir(dir); readErr != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, readErr)
	}
	return string(text), err
}

// The whole command, in small: every case of every scenario is measured, and
// each form of the report has it.
func TestASmallBenchMeasuresEverything(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole bank")
	}
	dir := t.TempDir()
	encoded, page := filepath.Join(dir, "bench.json"), filepath.Join(dir, "bench.html")
	out, err := runBench(t, "--repeats", "1", "--duration", "200ms", "--warmup", "50ms", "--accounts", "50", "--batch", "10", "--clients", "1", "--events", "2000",
		"--json", encoded, "--html", page)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Results []struct {
			Name    string
			Failed  int
			Figures []struct {
				Name                string
				Median, Least, Most float64
			}
		}
		Ratios []struct{ Median float64 }
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Results) < 5 || len(report.Ratios) < 2 {
		t.Errorf("%d cases and %d ratios", len(report.Results), len(report.Ratios))
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
		if !strings.Contains(out, result.Name) {
			t.Errorf("the table does not have %s", result.Name)
		}
	}
	if html, err := os.ReadFile(page); err != nil || !strings.Contains(string(html), "</svg>") {
		t.Errorf("the page has no chart (%v)", err)
	}
}

func TestTheBenchSaysWhatItDoesNotUnderstand(t *testing.T) {
	for arguments, says := range map[string]string{
		"apend":         "there are append, deposit",
		"--repeats 0":   "want 1 to 100",
		"--duration 0s": "--duration 5s",
	} {
		if out, err := runBench(t, strings.Fields(arguments)...); err == nil || !strings.Contains(out, says) {
			t.Errorf("bench %s: %v, %q; want it to say %q", arguments, err, out, says)
		}
	}
}
