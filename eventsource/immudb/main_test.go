package immudb_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"corebank/eventsource/immudb"
	"corebank/internal/app"
	"corebank/localbank/immudbserver"
)

// Variables that make this test program an immudb server.
const (
	serverDir    = "TEST_IMMUDB_DIR"
	serverListen = "TEST_IMMUDB_LISTEN"
)

const adminPassword = "Adm1n!password"

func TestMain(m *testing.M) {
	dir := os.Getenv(serverDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := immudbserver.Run(ctx, immudbserver.Config{Dir: dir, Listen: os.Getenv(serverListen),
		AdminPassword: adminPassword})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// machine is an immudb server that is a process of its own and can be killed.
type machine struct {
	t       testing.TB
	dir     string
	address string
	output  *bytes.Buffer
	process *exec.Cmd // nil while it does not run
}

// startMachines starts immudb servers that know nothing of each other, and gives the configuration of a log with so
// many copies on them.
func startMachines(t testing.TB, number, copies int) ([]*machine, immudb.Config) {
	t.Helper()
	config := immudb.Config{Database: "corebank", User: "eventsource", Password: "Writ3r!password",
		AdminPassword: adminPassword, StateDir: t.TempDir(), Copies: copies}
	var all []*machine
	for range number {
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		m := &machine{t: t, dir: filepath.Join(t.TempDir(), "data"), address: lis.Addr().String()}
		if err := lis.Close(); err != nil {
			t.Fatal(err)
		}
		m.start()
		t.Cleanup(m.kill)
		all = append(all, m)
		config.Addresses = append(config.Addresses, m.address)
	}
	for _, m := range all {
		m.await()
	}
	return all, config
}

func (m *machine) start() {
	m.t.Helper()
	m.output = &bytes.Buffer{}
	m.process = exec.Command(os.Args[0])
	m.process.Env = append(os.Environ(), serverDir+"="+m.dir, serverListen+"="+m.address)
	m.process.Stdout, m.process.Stderr = m.output, m.output
	if err := m.process.Start(); err != nil {
		m.t.Fatal(err)
	}
}

// await waits until the server answers.
func (m *machine) await() {
	m.t.Helper()
	eventually(m.t, func(ctx context.Context) error { return immudbserver.Check(ctx, m.address) })
}

func (m *machine) restart() {
	m.t.Helper()
	m.start()
	m.await()
}

// kill ends the process at once.
func (m *machine) kill() {
	if m.process != nil {
		_ = m.process.Process.Kill()
		_ = m.process.Wait()
		m.process = nil
	}
	if m.t.Failed() && os.Getenv("TEST_IMMUDB_OUTPUT") != "" {
		m.t.Logf("%s:\n%s", m.address, m.output)
	}
}

// lose ends the process and deletes its disk.
func (m *machine) lose() {
	m.t.Helper()
	m.kill()
	if err := os.RemoveAll(m.dir); err != nil {
		m.t.Fatal(err)
	}
}

// eventually waits until something works.
func eventually(t testing.TB, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		if !app.Pause(ctx, 20*time.Millisecond) {
			t.Fatal(err)
		}
	}
}

// signal sends the process a signal: SIGSTOP freezes it and SIGCONT lets it go on.
func (m *machine) signal(s syscall.Signal) {
	m.t.Helper()
	if err := m.process.Process.Signal(s); err != nil {
		m.t.Fatal(err)
	}
}
