package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// typeReadme types the README's first deposit into a shell, line by line as it
// stands there, against a running bank.
func typeReadme(t *testing.T, bank *running) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the README's first deposit needs curl")
		}
		t.Skip("the README's first deposit needs curl; install it with your package manager")
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	const build, address = "go build ./cmd/corebank\n", "http://127.0.0.1:8080"
	block := regexp.MustCompile("(?s)## A first deposit.*?```sh\n(.*?)```").FindStringSubmatch(string(readme))
	if block == nil || !strings.HasPrefix(block[1], build) || !strings.Contains(block[1], address) {
		t.Fatalf("the README has no first deposit that begins with %q and talks to %s: %q", build, address, block)
	}
	folder := t.TempDir()
	if err := os.Symlink(bank.process.Path, filepath.Join(folder, "corebank")); err != nil {
		t.Fatal(err)
	}
	lines := strings.ReplaceAll(strings.TrimPrefix(block[1], build), address, bank.URL)
	shell := exec.CommandContext(t.Context(), "sh", "-eu", "-c", lines)
	shell.Dir, shell.Env = folder, append(os.Environ(), "COREBANK_DATA="+bank.data)
	printed, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	answers := strings.Split(strings.TrimSpace(string(printed)), "\n")
	want := []string{`"account":{"id":"acc_`, `"replayed":false`, `"replayed":true`, `"fields":["amount"]`,
		`"history":{"nodes":[{"type":"DEPOSIT","amount":{"value":"12.34"}`}
	if len(answers) != len(want) {
		t.Fatalf("%d answers, not %d:\n%s", len(answers), len(want), printed)
	}
	for i, part := range want {
		if !strings.Contains(answers[i], part) {
			t.Errorf("answer %d lacks %s: %s", i+1, part, answers[i])
		}
	}
}
