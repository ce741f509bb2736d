package banktest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"corebank/check/banktest"
)

// TestStockCaches runs the caches of Apollo Client, urql and Relay, as npm has
// them, against a bank: what they show is the account of now.
func TestStockCaches(t *testing.T) {
	const folder = "testdata/caches"
	missing := t.Skip
	if os.Getenv("CI") == "true" {
		missing = t.Fatal
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("node is not there: install Node.js 20 or later")
	}
	parts, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(parts, "relay-runtime")); err != nil {
		missing("the caches are not there: run npm install --no-package-lock --prefix check/banktest/" + folder)
	}
	here := t.TempDir()
	if err := os.Symlink(parts, filepath.Join(here, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"caches.test.mjs", "libraries.mjs"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(here, name), text)
	}
	blocks := readGuide(t)
	at := slices.IndexFunc(blocks, func(b guideBlock) bool { return b.name == "caches.mjs" })
	if at < 0 {
		t.Fatal("the guide has no caches.mjs")
	}
	write(t, filepath.Join(here, "guide.mjs"), []byte(blocks[at].text))
	bank := banktest.Start(t)
	command := exec.CommandContext(t.Context(), node, "--test", "caches.test.mjs")
	command.Dir = here
	command.Env = append(os.Environ(), "URL="+bank.URL, "TOKEN="+bank.Token)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
