package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// TestThePartsOfABankWithPartitions: each partition has an event source with a
// sidecar, secrets, a database and a directory of its own; only the one that has
// the order of all reaches the broker.
func TestThePartsOfABankWithPartitions(t *testing.T) {
	data, err := openData(t.TempDir(), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer data.close()
	held := newPorts()
	defer held.freeAll()
	bank, err := newParts(upConfig{LogLevel: "warn", MTLS: true}, "127.0.0.1:8080", data,
		sidecars.Programs{Daprd: "/x/daprd", Placement: "/x/placement", Sentry: "/x/sentry"}, held)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := supervisor.New(data.logs(), nil, bank.processes...); err != nil {
		t.Errorf("they are no group: %v", err)
	}
	found := make(map[string]supervisor.Process)
	seen := make(map[string]string)
	for _, p := range bank.processes {
		found[p.Name] = p
		for _, argument := range p.Args {
			flag, _, _ := strings.Cut(argument, "=")
			own := slices.Contains([]string{"--immudb-database", "--immudb-user", "--immudb-password-file", "--state-dir", "--app-id", "--app-port"}, flag)
			if own && seen[argument] != "" {
				t.Errorf("%s and %s have %s", p.Name, seen[argument], argument)
			}
			seen[argument] = p.Name
		}
	}
	for number, app := range append([]string{contract.AppEventSource}, contract.PartitionApps(3)...) {
		p, sidecar := found[app], found[sidecarOf(app)]
		line := strings.Join(p.Args, " ") + " "
		if !strings.Contains(line, fmt.Sprintf(" --partitions=3 --partition=%d ", number)) {
			t.Errorf("%s runs with %s", app, line)
		}
		if !slices.Contains(sidecar.Args, "--app-id="+app) || !slices.ContainsFunc(sidecar.Env, func(v string) bool { return v == "APP_API_TOKEN="+data.set[secrets.App(app)] }) {
			t.Errorf("the sidecar of %s runs with %s", app, sidecar.Args)
		}
		reaches := slices.ContainsFunc(sidecar.Env, func(v string) bool { return strings.HasPrefix(v, "COREBANK_NATS_URL=") })
		if reaches != (number == 0) || slices.Contains(sidecar.Needs, partNATS) != (number == 0) {
			t.Errorf("the sidecar of %s reaches the broker: %t", app, reaches)
		}
		if needs := slices.Contains(found[contract.AppEventSource].Needs, app); needs != (number > 0) {
			t.Errorf("the order needs %s: %t", app, needs)
		}
	}
	if actor := found[contract.AppActor]; !slices.Contains(actor.Args, "--partitions=3") {
		t.Errorf("the actors run with %s", actor.Args)
	}
}

// TestTheNumberOfPartitionsIsFixed: it is noted before anything is written, and
// a bank from before there were partitions has one.
func TestTheNumberOfPartitionsIsFixed(t *testing.T) {
	old, several := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(old, "immudb", "corebank"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		data       string
		partitions int
		says       string // "" if it opens
	}{
		{old, 2, "--partitions 1"}, {old, 1, ""}, {several, 3, ""}, {several, 3, ""}, {several, 1, "--partitions 3"}, {several, 2, "--partitions 3"},
	} {
		data, err := openData(test.data, test.partitions)
		if err == nil {
			data.close()
		}
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("opened with %d: %v, want %q", test.partitions, err, test.says)
		}
	}
	if err := os.WriteFile(filepath.Join(several, partitionsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openData(several, 3); err == nil {
		t.Error("a damaged note is taken for a number")
	}
}

func TestPartitionFlagsAreChecked(t *testing.T) {
	for arguments, says := range map[string]string{
		"up --partitions 0":                                                 "want 1 to 64",
		"actor --issuer https://x --partitions 65":                          "want 1 to 64",
		"audit --partitions -1":                                             "want 1 to 64",
		"eventsource --partition 1 --immudb-password-file x":                "--partition 1 of 1",
		"eventsource --partition 3 --partitions 2 --immudb-password-file x": "--partition 3 of 2",
	} {
		root := newRoot()
		root.SetArgs(strings.Fields(arguments))
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", arguments, err, says)
		}
	}
}
