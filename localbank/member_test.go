package localbank

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corebank/internal/contract"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
	"corebank/localbank/supervisor"
)

// Given three machines; then each has all that it needs to go on without any other one, in a directory of its own, and
// no two parts have an address, a directory or a name among the others in common.
func TestThePartsOfThreeMachines(t *testing.T) {
	root, err := datadir.OpenMachines(filepath.Join(t.TempDir(), "bank"), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	held := ports.New()
	defer held.FreeAll()
	gateways := []string{"127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082"}
	all, err := newMachines(Config{Program: "/x/corebank", LogLevel: "warn", MTLS: true}, gateways, root, dapr, held)
	if err != nil {
		t.Fatal(err)
	}
	taken := make(map[string]string)
	for i, machine := range all {
		if _, err := supervisor.New(machine.data.Logs(), nil, machine.processes...); err != nil {
			t.Errorf("machine %d: %v", i+1, err)
		}
		for _, p := range machine.processes {
			for _, argument := range p.Args {
				flag, value, _ := strings.Cut(argument, "=")
				own := []string{"--listen", "--health", "--port", "--healthz-port", "--dapr-internal-grpc-port", "--app-port",
					"--dir", "--state-dir", "--member", "--member-listen", "--id"}
				if !slices.Contains(own, flag) {
					continue
				}
				used := flag + value
				if strings.HasSuffix(flag, "dir") {
					used = flag + filepath.Join(p.Dir, value)
				}
				if at := taken[used]; at != "" {
					t.Errorf("machine %d: %s has %s, as %s", i+1, p.Name, argument, at)
				}
				taken[used] = p.Name
			}
			line := strings.Join(p.Args, " ")
			placements := strings.Count(line, "127.0.0.1:") // at least
			if (p.Name == "actor-sidecar" || p.Name == "server-sidecar") && placements < 3 {
				t.Errorf("machine %d: %s knows one placement only: %s", i+1, p.Name, line)
			}
			if p.Name == partNATS && strings.Count(flagOf(p, "--members"), ",") != 2 {
				t.Errorf("machine %d: the broker runs with %s", i+1, line)
			}
			copies := 1 + strings.Count(flagOf(p, "--immudb"), ",")
			if p.Name == contract.AppEventSource && (flagOf(p, "--lease") == "" || copies != 3) {
				t.Errorf("machine %d: the event source runs with %s", i+1, line)
			}
			if p.Dir != root.MachineDir(i+1).Path {
				t.Errorf("machine %d: %s runs in %s", i+1, p.Name, p.Dir)
			}
		}
		for _, app := range []string{contract.AppServer, contract.AppActor, contract.AppEventSource, contract.AppProjector,
			partImmudb, partNATS, partPlacement} {
			if machine.addresses[app] == "" {
				t.Errorf("machine %d has no %s", i+1, app)
			}
		}
	}
}

func flagOf(p supervisor.Process, flag string) string {
	for _, argument := range p.Args {
		if value, found := strings.CutPrefix(argument, flag+"="); found {
			return value
		}
	}
	return ""
}
