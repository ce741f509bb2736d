package banktest_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// TestGenqlient generates a Go client from the schema that a bank serves, and has it
// use the bank: a mutation, queries, and an input that takes exactly one field.
func TestGenqlient(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds genqlient")
	}
	bank := banktest.Start(t)
	here := t.TempDir()
	if err := os.CopyFS(here, os.DirFS("testdata/genqlient")); err != nil {
		t.Fatal(err)
	}
	schema, err := http.Get(bank.URL + "/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	defer schema.Body.Close()
	text, err := io.ReadAll(schema.Body)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(here, "schema.graphql"), text)
	answer := ""
	for _, command := range [][]string{{"go", "tool", "genqlient", "genqlient.yaml"}, {"go", "run", "."}} {
		run := exec.CommandContext(t.Context(), command[0], command[1:]...)
		run.Dir, run.Env = here, append(os.Environ(), "URL="+bank.URL, "TOKEN="+bank.Token)
		output, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, output)
		}
		answer = string(output)
	}
	if want := "12.34 2 12.34 0.00\n"; !strings.HasSuffix(answer, want) {
		t.Errorf("the client prints %q, want %q", answer, want)
	}
}
