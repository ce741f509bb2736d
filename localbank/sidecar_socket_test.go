package localbank

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"corebank/internal/contract"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
)

// TestAppAndSidecarMeetAtASocket: where they cannot, they meet at a port.
func TestAppAndSidecarMeetAtASocket(t *testing.T) {
	short, err := os.MkdirTemp("", "bank")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(short) })
	for what, c := range map[string]struct {
		dir    string
		via    map[string]string
		socket bool
	}{
		"usually":              {short, nil, runtime.GOOS != "windows"},
		"the path is too long": {filepath.Join(short, strings.Repeat("x", maxSocketPath)), nil, false},
		"a proxy is between":   {short, map[string]string{"actor-sidecar": "127.0.0.1:7"}, false},
	} {
		data := &datadir.Locked{Dir: datadir.Dir{Path: c.dir}}
		p := &parts{config: Config{Via: c.via}, data: data, root: data, held: ports.New(), addresses: map[string]string{}}
		defer p.held.FreeAll()
		if err := os.MkdirAll(data.Sockets(), 0o700); err != nil {
			t.Fatal(err)
		}
		env := p.sidecar(contract.AppActor, nil)
		line := strings.Join(p.processes[0].Args, " ")
		if got := strings.Contains(line, "--unix-domain-socket=sockets"); got != c.socket ||
			strings.Contains(line, "--dapr-grpc-port=") == c.socket {
			t.Errorf("%s: the sidecar runs with %s", what, line)
		}
		want := "DAPR_GRPC_ENDPOINT=" + p.addressOf("actor-sidecar")
		if c.socket { // as seen from the data directory
			want = "DAPR_GRPC_ENDPOINT=unix:sockets/dapr-actor-grpc.socket"
		}
		if !slices.Contains(env, want) {
			t.Errorf("%s: the app finds it by %q, want %s", what, env, want)
		}
	}
}

// TestAFileSystemWithoutSockets: exFAT and some FUSE file systems have none.
func TestAFileSystemWithoutSockets(t *testing.T) {
	folder := t.TempDir() // without a folder for the sockets, none can be made
	data := &datadir.Locked{Dir: datadir.Dir{Path: folder}}
	p := &parts{data: data, root: data, held: ports.New(), addresses: map[string]string{}}
	defer p.held.FreeAll()
	env := p.sidecar(contract.AppActor, nil)
	address := p.addressOf("actor-sidecar")
	if !strings.HasPrefix(address, "127.0.0.1:") || !slices.Contains(env, "DAPR_GRPC_ENDPOINT="+address) {
		t.Errorf("the app finds its sidecar by %q, in %q", address, env)
	}
}

// TestASocketThatWasLeftBehind: a sidecar that was killed does not block the
// socket of the next one.
func TestASocketThatWasLeftBehind(t *testing.T) {
	dir, err := os.MkdirTemp("", "bank")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &parts{data: &datadir.Locked{Dir: datadir.Dir{Path: dir}}, held: ports.New(), addresses: map[string]string{}}
	if err := os.MkdirAll(p.data.Sockets(), 0o700); err != nil {
		t.Fatal(err)
	}
	left := strings.TrimPrefix(p.endpoint(contract.AppActor).api, "unix://")
	if left == p.endpoint(contract.AppActor).api {
		t.Skip("this system has no sockets in its file system")
	}
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // there, and not there
		if err := p.endpoint(contract.AppActor).clear(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", left, err)
		}
	}
}
