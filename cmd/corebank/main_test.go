package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestEveryCommandTeaches(t *testing.T) {
	root := newRoot(os.Stdout)
	commands := append(root.Commands(), root)
	if len(commands) < 11 {
		t.Fatalf("only %d commands", len(commands))
	}
	for _, c := range commands {
		if c.Name() == "help" || c.Name() == "completion" {
			continue // cobra's own
		}
		if c.Short == "" || len(c.Long) < 80 || !strings.Contains(c.Example, "corebank") {
			t.Errorf("%s does not teach: it needs a summary, an explanation and an example", c.Name())
		}
		if c != root && c.GroupID == "" && c.Name() != "version" {
			t.Errorf("%s is in no group of the help text", c.Name())
		}
		var help strings.Builder
		c.SetOut(&help)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(help.String()) {
			if len(strings.TrimRight(line, "\n")) > columns {
				t.Errorf("%s: a line of the help is wider than a terminal: %q", c.Name(), line)
			}
		}
		if strings.ContainsAny(c.Long, "{}") {
			t.Errorf("%s: the explanation has a name that stands for nothing: %s", c.Name(), c.Long)
		}
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" || !strings.Contains(f.Usage, "(env COREBANK_") {
				t.Errorf("%s --%s is explained as %q; the environment variable is missing", c.Name(), f.Name, f.Usage)
			}
		})
	}
}

func TestFlagsComeFromTheCommandLineThenTheEnvironmentThenTheDefault(t *testing.T) {
	run := func(arguments ...string) (port string, count int, err error) {
		t.Helper()
		root := newRoot(os.Stdout)
		probe := &cobra.Command{Use: "probe", RunE: func(*cobra.Command, []string) error { return nil }}
		probe.Flags().StringVar(&port, "some-port", "default", "")
		probe.Flags().IntVar(&count, "count", 1, "")
		root.AddCommand(probe)
		root.SetArgs(append([]string{"probe"}, arguments...))
		err = root.Execute()
		return port, count, err
	}
	if port, _, err := run(); port != "default" || err != nil {
		t.Errorf("nothing given: %q, %v", port, err)
	}
	t.Setenv("COREBANK_SOME_PORT", "environment")
	if port, _, err := run(); port != "environment" || err != nil {
		t.Errorf("given by the environment: %q, %v", port, err)
	}
	if port, _, err := run("--some-port", "line"); port != "line" || err != nil {
		t.Errorf("given by both: %q, %v", port, err)
	}
	t.Setenv("COREBANK_SOME_PORT", "")
	if port, _, err := run(); port != "default" || err != nil {
		t.Errorf("an empty variable: %q, %v", port, err)
	}
	if _, _, err := run("--some-port", ""); err == nil || !strings.Contains(err.Error(), "--some-port is empty") {
		t.Errorf("an empty flag: %v", err)
	}
	t.Setenv("COREBANK_COUNT", "")
	if _, count, err := run(); count != 1 || err != nil {
		t.Errorf("an empty number: %d, %v", count, err)
	}
	t.Setenv("COREBANK_COUNT", "many")
	if _, _, err := run(); err == nil || !strings.Contains(err.Error(), "COREBANK_COUNT") {
		t.Errorf("an environment variable that is no number: %v", err)
	}
	t.Setenv("COREBANK_COUNT", "3")
	if _, count, err := run(); count != 3 || err != nil {
		t.Errorf("a number from the environment: %d, %v", count, err)
	}
	t.Setenv("COREBANK_LOG_LEVEL", "loud")
	if _, _, err := run(); err == nil || !strings.Contains(err.Error(), "want debug, info, warn or error") {
		t.Errorf("a level that does not exist: %v", err)
	}
}

func TestSecretsAreReadFromFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		path := dir + "/secret"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if secret, err := readSecret("password-file", file(" a b\r\n")); secret != " a b" || err != nil {
		t.Errorf("read %q, %v", secret, err)
	}
	if secret, err := readSecret("password-file", ""); secret != "" || err != nil {
		t.Errorf("no file: %q, %v", secret, err)
	}
	for name, path := range map[string]string{"an empty file": file("\n"), "a missing file": dir + "/missing"} {
		if _, err := readSecret("password-file", path); err == nil || !strings.Contains(err.Error(), "--password-file") {
			t.Errorf("%s: %v, want an error that names the flag", name, err)
		}
	}
}
