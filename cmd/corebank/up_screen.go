package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"corebank/internal/identity"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// screen tells a person how the bank is doing.
type screen struct {
	began time.Time

	mu        sync.Mutex
	out       io.Writer
	addresses map[string]string
	whole     func(context.Context) error // whether the bank takes mutations
	up        bool
	outage    *outage
}

// outage is the time from a part's death until the bank is whole again.
type outage struct {
	began time.Time
	first string          // the part that died first
	down  map[string]bool // those that died and are not back
}

// How an outage is watched: the pause between questions whether it is over, and
// how long the answer has to be yes. The gateway keeps an answer for half a
// second, so that a single one may be older than the outage. A yes that came
// slowly was a no when it was asked for.
const (
	recoveryPause = 50 * time.Millisecond
	recoveryHolds = 600 * time.Millisecond
	recoverySlow  = 250 * time.Millisecond
)

// quotedLines bounds what is shown of a log.
const quotedLines = 5

func newScreen(out io.Writer) *screen { return &screen{out: out, began: time.Now()} }

func (s *screen) printf(format string, v ...any) { fmt.Fprintf(s.out, format, v...) }

// starting begins the list of parts.
func (s *screen) starting(bank *parts, programs sidecars.Programs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses = bank.addresses
	s.whole = bank.processes[len(bank.processes)-1].Ready // the gateway's: it asks the whole way of a command
	s.printf("Starting %d parts, with Dapr %s from %s\n", len(bank.processes), programs.Version, programs.Daprd)
}

// tell prints what happened to a part.
func (s *screen) tell(ctx context.Context, e supervisor.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.State {
	case supervisor.Started:
	case supervisor.Ready:
		s.printf("  %-20s  ready  %-15s  %s\n", e.Process, s.addresses[e.Process], seconds(e.Took))
	case supervisor.Waiting:
		s.printf("  %-20s  not ready after %s: %v; it wrote last:\n%s", e.Process, seconds(e.Took), e.Err, quoted(e.Lines))
	case supervisor.Died:
		s.printf("%s %s died (%v) and is started again in %v; it wrote last:\n%s",
			clock(), e.Process, e.Err, e.Pause, quoted(e.Lines))
		s.partDied(e.Process)
	case supervisor.Back:
		s.printf("%s %s is back, %s after it died\n", clock(), e.Process, seconds(e.Took))
		s.partBack(ctx, e.Process)
	case supervisor.Stopped:
		s.printf("  %-20s  stopped  %s\n", e.Process, seconds(e.Took))
	case supervisor.Killed:
		s.printf("  %-20s  killed: it did not stop within %s\n", e.Process, seconds(e.Took))
	}
}

func (s *screen) partDied(part string) {
	if !s.up {
		return
	}
	if s.outage == nil {
		s.outage = &outage{began: time.Now(), first: part, down: make(map[string]bool)}
	}
	s.outage.down[part] = true
}

func (s *screen) partBack(ctx context.Context, part string) {
	if s.outage == nil {
		return
	}
	delete(s.outage.down, part)
	if len(s.outage.down) == 0 {
		go s.awaitWhole(ctx, s.outage)
	}
}

// awaitWhole says when an outage is over: when nothing of it is down and the
// gateway reports the whole bank ready.
func (s *screen) awaitWhole(ctx context.Context, over *outage) {
	var whole time.Time // since when every answer was yes
	for ctx.Err() == nil {
		asked := time.Now()
		switch err := s.whole(ctx); {
		case err != nil:
			whole = time.Time{}
		case whole.IsZero() || time.Since(asked) > recoverySlow:
			whole = time.Now()
		}
		if s.isOver(over, whole) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(recoveryPause):
		}
	}
}

// isOver reports whether there is nothing more to watch, and tells the person
// if that is because the bank has been whole for long enough.
func (s *screen) isOver(over *outage, whole time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outage != over || len(over.down) > 0 {
		return true // over already, or another part has died: its return will ask again
	}
	if whole.IsZero() || time.Since(whole) < recoveryHolds {
		return false
	}
	s.printf("%s the bank is whole again, %s after %s died\n", clock(), seconds(whole.Sub(over.began)), over.first)
	s.outage = nil
	return true
}

// ready prints what a person needs to know.
func (s *screen) ready(listen string, data *dataDir) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = true
	s.printf(`
The bank is ready after %[1]s.

  Console    http://%[2]s/console
  GraphiQL   http://%[2]s/
  GraphQL    http://%[2]s/graphql
             ws://%[2]s/graphql
  Health     http://%[2]s/readyz
  Data       %[3]s
  Logs       %[4]s
  Stop       Ctrl-C

`, seconds(time.Since(s.began)), listen, data.path, data.logs())
	s.signIn(data)
}

// signIn prints a token for each role. s.mu is held.
func (s *screen) signIn(data *dataDir) {
	s.printf("Sign in with one of these tokens, for %s (more: corebank token --help):\n\n", tokenLife)
	for _, role := range identity.Roles() {
		token, err := data.people.Token(string(role), role, time.Now(), tokenLife)
		if err != nil {
			token = err.Error()
		}
		s.printf("  %-10s %s\n", role, token)
	}
	s.printf("\n")
}

// stopped prints why the bank has stopped and that it has.
func (s *screen) stopped(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cause == nil {
		return // it never ran: an error will say why
	}
	if errors.Is(cause, context.Canceled) {
		s.printf("The bank has stopped.\n")
		return
	}
	s.printf("The bank has stopped: %v.\n", cause)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func clock() string { return time.Now().Format(time.TimeOnly) }

func quoted(lines []string) string {
	if len(lines) == 0 {
		return "  nothing\n"
	}
	return "  | " + strings.Join(lines[max(0, len(lines)-quotedLines):], "\n  | ") + "\n"
}
