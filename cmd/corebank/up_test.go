package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codenotary/immudb/pkg/auth"

	"corebank/internal/contract"
	"corebank/internal/identity/issuer"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

func TestOnlyAFreeLoopbackAddressIsListenedOn(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, test := range map[string]struct{ address, says string }{
		"no port":              {"127.0.0.1", "want host:port"},
		"every interface":      {":8080", "an issuer on this machine"},
		"another interface":    {"192.0.2.1:8080", "an issuer on this machine"},
		"a name":               {"bank.example:8080", "an issuer on this machine"},
		"a port that is taken": {taken.Addr().String(), "--listen 127.0.0.1:0"},
		"a port that is none":  {"127.0.0.1:99999", "--listen 127.0.0.1:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := takeListen(test.address)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "--listen") {
				t.Fatalf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
	lis, err := takeListen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// Nobody else gets it before the API does, which then can have it.
	held := newPorts()
	address := held.hold(lis)
	if _, err := takeListen(address); err == nil || portOf(address) == "0" {
		t.Errorf("%s was given away, %v", address, err)
	}
	if err := held.free(address); err != nil {
		t.Fatal(err)
	}
	if lis, err = takeListen(address); err != nil {
		t.Fatal(err)
	}
	if err := lis.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestADataDirectoryIsPreparedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a bank", "data")
	data, err := openData(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	first := passwords(t, data)
	for _, password := range first {
		if err := auth.IsStrongPassword(password); err != nil {
			t.Errorf("a password is not to immudb's liking: %v", err)
		}
	}
	if first[0] == first[1] {
		t.Error("the administrator and the writer have the same password")
	}
	for _, file := range []string{"pubsub.yaml", "livefeed.yaml", "statestore.yaml", "config.yaml"} {
		if _, err := os.Stat(filepath.Join(data.components(), file)); err != nil {
			t.Error(err)
		}
	}
	stale := []string{data.names(), data.names() + "-wal", filepath.Join(data.components(), "stale.yaml")}
	for _, file := range stale {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data.close()

	data, err = openData(path, 1)
	if err != nil {
		t.Fatalf("after it was closed it cannot be opened: %v", err)
	}
	defer data.close()
	if again := passwords(t, data); !slices.Equal(again, first) {
		t.Error("the passwords have changed")
	}
	for _, file := range stale {
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was left: %v", file, err)
		}
	}
}

func passwords(t *testing.T, data *dataDir) []string {
	t.Helper()
	var found []string
	for _, path := range []string{data.adminPassword(), data.writerPassword(0)} {
		secret, err := readSecret("test", path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want that only its owner can read it", path, info.Mode(), err)
		}
		found = append(found, secret)
	}
	return found
}

func TestPortsAreHeldUntilTheyAreNeeded(t *testing.T) {
	held := newPorts()
	defer held.freeAll()
	var addresses []string
	for range 50 {
		address, err := held.pick()
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(addresses, address) {
			t.Fatalf("%s was picked twice", address)
		}
		addresses = append(addresses, address)
	}
	if lis, err := net.Listen("tcp", addresses[0]); err == nil {
		lis.Close()
		t.Errorf("%s is not held", addresses[0])
	}
	if err := held.free(addresses[0]); err != nil {
		t.Fatal(err)
	}
	lis, err := net.Listen("tcp", addresses[0])
	if err != nil {
		t.Fatalf("%s was not set free: %v", addresses[0], err)
	}
	lis.Close()
	if err := held.free(addresses[0]); err != nil {
		t.Errorf("to free a port again fails: %v", err)
	}
}

func TestAFileNameInAURISaysNothingElse(t *testing.T) {
	for path, want := range map[string]string{
		"/data/actors.db":      "file:/data/actors.db?_pragma=synchronous(normal)",
		"/a b/c?d#e%f: g/x.db": "file:/a%20b/c%3Fd%23e%25f:%20g/x.db?_pragma=synchronous(normal)",
	} {
		if got := sqliteURI(path, "_pragma=synchronous(normal)"); got != want {
			t.Errorf("%s became %s, want %s", path, got, want)
		}
	}
}

func TestPartsDoNotInheritWhatIsNotForThem(t *testing.T) {
	for _, name := range []string{"COREBANK_LISTEN", "DAPR_GRPC_ENDPOINT", "DAPR_API_TOKEN", "APP_API_TOKEN", "MONGODB_URI", "NAMESPACE"} {
		t.Setenv(name, "x")
	}
	t.Setenv("LANGUAGE", "en")
	got := environment("DAPR_GRPC_PORT=1")
	if !slices.Contains(got, "LANGUAGE=en") || !slices.Contains(got, "DAPR_GRPC_PORT=1") {
		t.Errorf("something is missing: %q", got)
	}
	for _, entry := range got {
		if strings.HasSuffix(entry, "=x") {
			t.Errorf("%s is handed on", entry)
		}
	}
	if got := mongoEnvironment(); !slices.Equal(got, []string{"MONGODB_URI=x"}) {
		t.Errorf("for the views: %q", got)
	}
}

func TestPartsShareTheMachine(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMAXPROCS", "GOMEMLIMIT"} {
		t.Setenv(name, "") // and so is set back after the test
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	half := fmt.Sprint("GOMAXPROCS=", max(1, runtime.NumCPU()/2))
	for part, want := range map[string][]string{
		partNATS:                         {"GOGC=400", half},
		sidecarOf(contract.AppProjector): {"GOGC=400", half},
		contract.AppServer:               {"GOGC=400", "GOMEMLIMIT=320MiB", half},
		contract.AppProjector:            {"GOGC=400"},
		partImmudb:                       nil,
	} {
		if got := share(part); !slices.Equal(got, want) {
			t.Errorf("%s is run with %q, want %q", part, got, want)
		}
	}
	t.Setenv("GOGC", "50")
	if got := share(partNATS); !slices.Equal(got, []string{half}) {
		t.Errorf("a setting of the user's is overruled by %q", got)
	}
}

func TestThePartsOfTheBank(t *testing.T) {
	data, err := openData(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer data.close()
	held := newPorts()
	defer held.freeAll()
	bank, err := newParts(upConfig{LogLevel: "warn", MTLS: true}, "127.0.0.1:8080", data, sidecars.Programs{Daprd: "/x/daprd", Placement: "/x/placement", Sentry: "/x/sentry"}, held)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range bank.processes {
		names = append(names, p.Name)
		if p.Ready == nil {
			t.Errorf("nobody asks whether %s is ready", p.Name)
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
	if _, err := supervisor.New(data.logs(), nil, bank.processes...); err != nil {
		t.Errorf("they are no group: %v", err)
	}
}

// TestWithoutCertificatesThereAreNoRulesByThem: the rules would let nobody in.
func TestWithoutCertificatesThereAreNoRulesByThem(t *testing.T) {
	data, err := openData(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer data.close()
	for _, mtls := range []bool{true, false} {
		held := newPorts()
		defer held.freeAll()
		bank, err := newParts(upConfig{LogLevel: "warn", MTLS: mtls}, "127.0.0.1:8080", data, sidecars.Programs{Daprd: "/x/daprd", Placement: "/x/placement", Sentry: "/x/sentry"}, held)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range bank.processes {
			line := strings.Join(p.Args, " ")
			if p.Name == partSentry && !mtls {
				t.Error("sentry runs for nobody")
			}
			if p.Command == "/x/daprd" && (strings.Contains(line, "access.yaml") != mtls || strings.Contains(line, "--enable-mtls") != mtls) {
				t.Errorf("mTLS %t: %s runs with %s", mtls, p.Name, line)
			}
			if proof := p.Name == "actor" || p.Name == "eventsource"; proof != strings.Contains(line, "--append-token-file=") {
				t.Errorf("mTLS %t: %s runs with %s", mtls, p.Name, line)
			}
		}
	}
}

// buffer is written by several goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// awaitText waits until the screen shows a text.
func awaitText(t *testing.T, out *buffer, text string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !strings.Contains(out.String(), text) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the screen does not show %q:\n%s", text, out)
		}
	}
}

func TestTheScreenTellsAnOutageToItsEnd(t *testing.T) {
	var out buffer
	var answers atomic.Int32 // of the gateway since the outage began; the first is old
	s := newScreen(&out)
	s.starting(&parts{addresses: map[string]string{"nats": "127.0.0.1:20001"}, processes: []supervisor.Process{{Name: "server",
		Ready: func(context.Context) error {
			if n := answers.Add(1); n > 1 && n < 4 {
				return errors.New("no account actor can be reached")
			}
			return nil
		}}}}, sidecars.Programs{Version: "1.18.2", Daprd: "/x/daprd"})
	s.tell(t.Context(), supervisor.Event{Process: "nats", State: supervisor.Ready, Took: 1500 * time.Millisecond})
	people, err := issuer.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.ready("127.0.0.1:8080", &dataDir{path: "/bank", people: people})
	s.tell(t.Context(), supervisor.Event{Process: "nats", State: supervisor.Died, Err: errors.New("signal: killed"),
		Pause: 100 * time.Millisecond, Lines: []string{"a", "b", "c", "d", "e", "its last word"}})
	s.tell(t.Context(), supervisor.Event{Process: "actor", State: supervisor.Died, Err: errors.New("exit status 1")})
	s.tell(t.Context(), supervisor.Event{Process: "nats", State: supervisor.Back, Took: time.Second})
	if answers.Load() != 0 {
		t.Error("the bank is asked although a part is down")
	}
	s.tell(t.Context(), supervisor.Event{Process: "actor", State: supervisor.Back, Took: time.Second})
	awaitText(t, &out, "the bank is whole again")
	if n := answers.Load(); n < 5 {
		t.Errorf("the bank was called whole after %d answers, the third of which was a no", n)
	}
	for _, text := range []string{
		"nats                  ready  127.0.0.1:20001  1.5 s", "http://127.0.0.1:8080/graphql", "/bank/logs", "Ctrl-C", "\n  customer   ey", "\n  admin      ey",
		"nats died (signal: killed) and is started again in 100ms", "  | its last word\n", "actor died (exit status 1)", "nothing",
		"nats is back, 1.0 s after it died", "after nats died",
	} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("the screen does not show %q", text)
		}
	}
	if strings.Contains(out.String(), "| a\n") {
		t.Error("the screen shows more than the last lines")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestABuildIsShown(t *testing.T) {
	var out buffer
	d := newBuildDisplay(&out)
	d.report(sidecars.Progress{Step: "downloading"})
	d.report(sidecars.Progress{Step: "downloading", Done: 1, Item: "example.com/a v1.0.0"})
	d.report(sidecars.Progress{Step: "compiling", Done: 7, Total: 900, Item: "example.com/a/b"})
	d.close()
	text := out.String()
	for _, want := range []string{"Dapr 1.18 is not there yet", "downloading\n", "compiling package 7 of at most 900: example.com/a/b\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not show %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "a v1.0.0") {
		t.Errorf("where nobody watches, every module gets a line:\n%s", text)
	}
}

func TestHealthQuotesTheReason(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ready":
			w.WriteHeader(http.StatusOK)
		case "/reason":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"ready":false,"reason":"the vault is open"}`))
		default:
			http.Error(w, "lost", http.StatusNotFound)
		}
	}))
	defer app.Close()
	for path, says := range map[string]string{"/ready": "", "/reason": "the vault is open", "/else": "404 Not Found: lost"} {
		err := checkHealth(t.Context(), app.URL+path, http.StatusOK)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
}
