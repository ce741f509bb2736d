package localbank

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

func TestAnOutageIsShownToItsEnd(t *testing.T) {
	var out buffer
	var answers atomic.Int32 // of the gateway since the outage began; the first is old
	s := newStatusOutput(&out)
	s.starting(&parts{addresses: map[string]string{"nats": "127.0.0.1:20001"},
		processes: []supervisor.Process{{Name: "server",
			Ready: func(context.Context) error {
				if n := answers.Add(1); n > 1 && n < 4 {
					return errors.New("no account actor can be reached")
				}
				return nil
			}}}}, sidecars.Programs{Version: "1.18.2", Daprd: "/x/daprd"})
	s.show(t.Context(), supervisor.Event{Process: "nats", State: supervisor.Ready, Took: 1500 * time.Millisecond})
	s.ready("127.0.0.1:8080", &datadir.Locked{Dir: datadir.Dir{Path: "/the bank"}})
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
		"/the bank/logs", "Ctrl-C", "corebank token --role teller --data '/the bank'\n",
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
		if len(line) > 81 && !strings.Contains(line, "started again") {
			t.Errorf("a line is wider than a terminal: %s", line)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}
