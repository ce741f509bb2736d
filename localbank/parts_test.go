package localbank

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

var dapr = sidecars.Programs{Daprd: "/x/daprd", Placement: "/x/placement", Sentry: "/x/sentry"}

func TestPartsDoNotInheritWhatIsNotForThem(t *testing.T) {
	for _, name := range []string{"COREBANK_LISTEN", "DAPR_GRPC_ENDPOINT", "DAPR_API_TOKEN", "APP_API_TOKEN",
		"MONGODB_URI", "NAMESPACE", "OTEL_SERVICE_NAME"} {
		t.Setenv(name, "x")
	}
	t.Setenv("LANGUAGE", "en")
	got := Environment("DAPR_GRPC_PORT=1")
	if !slices.Contains(got, "LANGUAGE=en") || !slices.Contains(got, "DAPR_GRPC_PORT=1") {
		t.Errorf("a variable is missing: %q", got)
	}
	for _, entry := range got {
		if strings.HasSuffix(entry, "=x") {
			t.Errorf("%s is inherited", entry)
		}
	}
	t.Setenv("MONGODB_DATABASE", "")
	if got := mongoEnvironment(); !slices.Equal(got, []string{"MONGODB_URI=x"}) {
		t.Errorf("for the views: %q", got)
	}
}

// TestOnlyAppsTrace: a sidecar would send spans of its own.
func TestOnlyAppsTrace(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
	data, err := datadir.Open(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	held := ports.New()
	defer held.FreeAll()
	bank, err := newParts(Config{Program: "/x/corebank", LogLevel: "warn", LogFormat: "json", MTLS: true},
		"127.0.0.1:8080", data, dapr, held)
	if err != nil {
		t.Fatal(err)
	}
	apps := []string{contract.AppServer, contract.AppActor, contract.AppEventSource, contract.AppProjector}
	for _, p := range bank.processes {
		asks := slices.Contains(p.Env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318")
		if asks != slices.Contains(apps, p.Name) {
			t.Errorf("%s is asked for traces: %t", p.Name, asks)
		}
		format := "--log-format=json"
		if p.Command != "/x/corebank" {
			format = "--log-as-json=true"
		}
		if !slices.Contains(p.Args, format) {
			t.Errorf("%s does not log as JSON: %q", p.Name, p.Args)
		}
	}
}

func TestThePartsOfTheBank(t *testing.T) {
	data, err := datadir.Open(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	held := ports.New()
	defer held.FreeAll()
	bank, err := newParts(Config{Program: "/x/corebank", LogLevel: "warn", MTLS: true}, "127.0.0.1:8080", data, dapr, held)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range bank.processes {
		names = append(names, p.Name)
		if p.Ready == nil {
			t.Errorf("%s has no readiness check", p.Name)
		}
		line := strings.Join(p.Args, " ")
		if !strings.Contains(line, "127.0.0.1") || strings.Contains(line, "0.0.0.0") {
			t.Errorf("%s does not listen on this machine only: %s", p.Name, line)
		}
		if strings.HasSuffix(p.Name, "-sidecar") != (p.Command == "/x/daprd") {
			t.Errorf("%s runs %s", p.Name, p.Command)
		}
		if sidecar := p.Name == "eventsource-sidecar"; sidecar != strings.Contains(line, "--app-port") {
			t.Errorf("%s: only the event source is called by its sidecar: %s", p.Name, line)
		}
	}
	want := []string{"sentry", "placement", "immudb", "nats", "eventsource-sidecar", "eventsource",
		"actor-sidecar", "actor", "projector-sidecar", "projector", "server-sidecar", "server"}
	if !slices.Equal(names, want) {
		t.Errorf("the parts are %q, want %q", names, want)
	}
	if _, err := supervisor.New(data.Logs(), nil, bank.processes...); err != nil {
		t.Errorf("they do not form a group: %v", err)
	}
}

// TestAnyPathCanBeTheDataDirectory: Dapr takes lists, URIs and templates where
// others take paths, so it only gets paths inside of the directory.
func TestAnyPathCanBeTheDataDirectory(t *testing.T) {
	for _, name := range []string{"b[1]", "a,b", "a#b", "a?b", "100%41", "$HOME", "{appID}", "a: b", "a b'\"", "a\nb",
		"*", "ü", "a\xff"} {
		data, err := datadir.Open(filepath.Join(t.TempDir(), name), 2)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		defer data.Close()
		held := ports.New()
		defer held.FreeAll()
		bank, err := newParts(Config{Program: "/x/corebank", MTLS: true}, "127.0.0.1:8080", data, dapr, held)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range bank.processes {
			if p.Dir != data.Path {
				t.Errorf("%s runs in %s", p.Name, p.Dir)
			}
			given := p.Env
			if p.Command != "/x/corebank" {
				given = append(given, p.Args...)
			}
			for _, text := range given {
				if strings.Contains(text, name) && !slices.Contains(os.Environ(), text) {
					t.Errorf("%q: %s gets %s", name, p.Name, text)
				}
			}
		}
	}
}

// TestWithoutCertificatesThereAreNoAccessRules: the rules would refuse every call.
func TestWithoutCertificatesThereAreNoAccessRules(t *testing.T) {
	data, err := datadir.Open(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	for _, mtls := range []bool{true, false} {
		held := ports.New()
		defer held.FreeAll()
		bank, err := newParts(Config{Program: "/x/corebank", LogLevel: "warn", MTLS: mtls}, "127.0.0.1:8080", data, dapr,
			held)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range bank.processes {
			line := strings.Join(p.Args, " ")
			if p.Name == partSentry && !mtls {
				t.Error("sentry runs without mTLS")
			}
			if p.Command == "/x/daprd" && (strings.Contains(line, "access.yaml") != mtls ||
				strings.Contains(line, "--enable-mtls") != mtls) {
				t.Errorf("mTLS %t: %s runs with %s", mtls, p.Name, line)
			}
			if proof := p.Name == "actor" || p.Name == "eventsource"; proof != strings.Contains(line, "--append-token-file=") {
				t.Errorf("mTLS %t: %s runs with %s", mtls, p.Name, line)
			}
		}
	}
}

// TestThePartsOfABankWithPartitions: each partition has an event source with a
// sidecar, secrets, a database and a directory of its own; only the sequencer
// reaches the broker.
func TestThePartsOfABankWithPartitions(t *testing.T) {
	data, err := datadir.Open(t.TempDir(), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	held := ports.New()
	defer held.FreeAll()
	bank, err := newParts(Config{Program: "/x/corebank", LogLevel: "warn", MTLS: true}, "127.0.0.1:8080", data,
		dapr, held)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := supervisor.New(data.Logs(), nil, bank.processes...); err != nil {
		t.Errorf("they do not form a group: %v", err)
	}
	found := make(map[string]supervisor.Process)
	seen := make(map[string]string)
	for _, p := range bank.processes {
		found[p.Name] = p
		for _, argument := range p.Args {
			flag, _, _ := strings.Cut(argument, "=")
			own := slices.Contains([]string{"--immudb-database", "--immudb-user", "--immudb-password-file", "--state-dir",
				"--app-id", "--app-port"}, flag)
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
		if !slices.Contains(sidecar.Args, "--app-id="+app) ||
			!slices.Contains(sidecar.Env, "APP_API_TOKEN="+data.Tokens[secrets.App(app)]) {
			t.Errorf("the sidecar of %s runs with %s", app, sidecar.Args)
		}
		reaches := slices.ContainsFunc(sidecar.Env, func(v string) bool { return strings.HasPrefix(v, "COREBANK_NATS_URL=") })
		if reaches != (number == 0) || slices.Contains(sidecar.Needs, partNATS) != (number == 0) {
			t.Errorf("the sidecar of %s reaches the broker: %t", app, reaches)
		}
		if needs := slices.Contains(found[contract.AppEventSource].Needs, app); needs != (number > 0) {
			t.Errorf("the sequencer needs %s: %t", app, needs)
		}
	}
	if actor := found[contract.AppActor]; !slices.Contains(actor.Args, "--partitions=3") {
		t.Errorf("the actors run with %s", actor.Args)
	}
}
