package banktest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"corebank/check/banktest"
	"corebank/server"
	"corebank/server/guard"
)

// TestStockCaches runs the caches of Apollo Client, urql and Relay, as npm has
// them, against a bank: what they show is the account of now.
func TestStockCaches(t *testing.T) {
	here := stockClients(t, "caches.test.mjs", "libraries.mjs")
	blocks := readGuide(t)
	at := slices.IndexFunc(blocks, func(b guideBlock) bool { return b.name == "caches.mjs" })
	if at < 0 {
		t.Fatal("the guide has no caches.mjs")
	}
	write(t, filepath.Join(here, "guide.mjs"), []byte(blocks[at].text))
	bank := banktest.Start(t)
	runNode(t, here, "caches.test.mjs", "URL="+bank.URL, "TOKEN="+bank.Token)
}

// TestStockClients runs clients that retry, and those that load the schema, against
// gateways that limit them.
func TestStockClients(t *testing.T) {
	here := stockClients(t, "clients.test.mjs")
	bank := banktest.Start(t)
	limited := bank.Gateway(guard.Config{Rates: guard.Rates{PerPrincipal: 100}})
	narrow := bank.GatewayWith(func(p *server.Parts) { p.Transports.MaxConnectionsPerCaller = 1 })
	runNode(t, here, "clients.test.mjs", "URL="+bank.URL, "TOKEN="+bank.Token, "LIMITED="+limited.URL,
		"NARROW="+narrow.URL)
}

// stockClients is a folder with some programs and what they import; it skips the
// test if that is not installed.
func stockClients(t *testing.T, programs ...string) string {
	t.Helper()
	const folder = "testdata/caches"
	missing := t.Skip
	if os.Getenv("CI") == "true" {
		missing = t.Fatal
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("node is not there: install Node.js 20 or later")
	}
	parts, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(parts, "@graphql-tools", "load")); err != nil {
		missing("the clients are not there: run npm install --no-package-lock --prefix check/banktest/" + folder)
	}
	here := t.TempDir()
	if err := os.Symlink(parts, filepath.Join(here, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for _, name := range programs {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(here, name), text)
	}
	return here
}

func runNode(t *testing.T, folder, program string, environment ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "node", "--test", program)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
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
