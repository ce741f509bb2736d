package localbank

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"corebank/internal/identity/issuer"
	"corebank/localbank/datadir"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

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

// awaitText waits until the output has a text.
func awaitText(t *testing.T, out *buffer, text string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !strings.Contains(out.String(), text) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the output does not show %q:\n%s", text, out)
		}
	}
}

// lockedDirectory is that of a bank, with a blank in its name.
func lockedDirectory(t *testing.T) *datadir.Locked {
	t.Helper()
	path, err := os.MkdirTemp(t.TempDir(), "the bank")
	if err != nil {
		t.Fatal(err)
	}
	local, err := issuer.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := datadir.Dir{Path: path}
	if err := dir.Sessions().Clear(); err != nil {
		t.Fatal(err)
	}
	return &datadir.Locked{Dir: dir, Issuer: local}
}

func TestAnOutageIsShownToItsEnd(t *testing.T) {
	var out buffer
	var answers atomic.Int32 // of the gateway since the outage began; the first is old
	s := newStatusOutput(&out)
	s.starting(&parts{addresses: map[string]string{"nats": "127.0.0.1:20001"},
		check: func(context.Context) error {
			if n := answers.Add(1); n > 1 && n < 4 {
				return errors.New("no account actor can be reached")
			}
			return nil
		}}, sidecars.Programs{Version: "1.18.2", Daprd: "/x/daprd"})
	s.show(t.Context(), supervisor.Event{Process: "nats", State: supervisor.Ready, Took: 1500 * time.Millisecond})
	bank := lockedDirectory(t)
	s.ready(t.Context(), "127.0.0.1:8080", bank, "")
	answers.Store(0)
	s.show(t.Context(), supervisor.Event{Process: "nats", State: supervisor.Died, Err: errors.New("signal: killed"),
		Pause: 100 * time.Millisecond, Lines: []string{"a", "b", "c", "d", "e", "its last word"}})
	s.show(t.Context(), supervisor.Event{Process: "actor", State: supervisor.Died, Err: errors.New("exit status 1")})
	s.show(t.Context(), supervisor.Event{Process: "nats", State: supervisor.Back, Took: time.Second})
	if answers.Load() != 0 {
		t.Error("the bank is checked although a part is down")
	}
	s.show(t.Context(), supervisor.Event{Process: "actor", State: supervisor.Back, Took: time.Second})
	awaitText(t, &out, "the bank works fully again")
	if n := answers.Load(); n < 5 {
		t.Errorf("the outage ended after %d answers, the third of which was a failure", n)
	}
	for _, text := range []string{
		"nats                  ready  127.0.0.1:20001                  1.5 s", "http://127.0.0.1:8080/graphql",
		bank.Logs(), "Ctrl-C", "corebank token --role teller --data '" + bank.Path + "'\n",
		"  Sign in   http://127.0.0.1:8080/console/#/sign-in/", "corebank token --link --data '" + bank.Path + "'\n",
		"nats died (signal: killed) and is started again in 100ms",
		"  | its last word\n", "actor died (exit status 1)", "nothing",
		"nats is back, 1.0 s after it died", "after nats died",
	} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("the output does not show %q", text)
		}
	}
	if strings.Contains(out.String(), "| a\n") {
		t.Error("the output shows more than the last lines")
	}
	if strings.Contains(out.String(), "eyJ") {
		t.Error("the output has a token, and others may read it")
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 81 && !strings.Contains(line, "started again") && !strings.Contains(line, bank.Path) {
			t.Errorf("a line is wider than a terminal: %s", line)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestNoLinkWhereOthersCanRead: what up prints may go to a file.
func TestNoLinkWhereOthersCanRead(t *testing.T) {
	bank := lockedDirectory(t)
	for mode, linked := range map[os.FileMode]bool{0o600: true, 0o640: false, 0o644: false} {
		path := filepath.Join(t.TempDir(), "up.log")
		if err := errors.Join(os.WriteFile(path, nil, mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		newStatusOutput(file).ready(t.Context(), "127.0.0.1:8080", bank, "")
		text, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(text), "/sign-in/") != linked ||
			!strings.Contains(string(text), "corebank token --link --data") {
			t.Errorf("%v: %v\n%s", mode, err, text)
		}
	}
}

// TestABankThatCanOnlyBeRead: one that starts on a disk that is nearly full.
func TestABankThatCanOnlyBeRead(t *testing.T) {
	var out buffer
	s := newStatusOutput(&out)
	s.starting(&parts{check: func(context.Context) error { return errors.New("the event log's disk is nearly full") }},
		sidecars.Programs{})
	s.ready(t.Context(), "127.0.0.1:8080", lockedDirectory(t), "")
	if text := "refuses commands:\nthe event log's disk is nearly full\n"; !strings.Contains(out.String(), text) {
		t.Errorf("the output does not show %q:\n%s", text, &out)
	}
}

// TestWhatIsReadyFitsATerminal: of 80 columns and 24 lines, with what is typed next.
func TestWhatIsReadyFitsATerminal(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("bank", 0o700); err != nil {
		t.Fatal(err)
	}
	local, err := issuer.Open("bank")
	if err != nil {
		t.Fatal(err)
	}
	bank := &datadir.Locked{Dir: datadir.Dir{Path: "bank"}, Issuer: local}
	if err := bank.Sessions().Clear(); err != nil {
		t.Fatal(err)
	}
	var out buffer
	s := newStatusOutput(&out)
	s.starting(&parts{}, sidecars.Programs{Version: "1.18.2", Daprd: "/usr/local/bin/daprd"})
	s.ready(t.Context(), "127.0.0.1:54321", bank, "12 people and 4 companies, with 21 accounts, as before\n"+
		"(1 requests left out: their accounts are in different partitions)")
	lines := strings.Split(out.String(), "\n")
	if len(lines) > 24 {
		t.Errorf("%d lines:\n%s", len(lines), &out)
	}
	for _, line := range lines {
		if len(line) > 80 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	console, token := strings.Index(out.String(), "  Console "), strings.Index(out.String(), "  Token ")
	if console < 0 || token < console || !strings.Contains(out.String(), "  Demo      12 people") {
		t.Errorf("addresses are first, then how to get a token, then the demo:\n%s", &out)
	}
}
