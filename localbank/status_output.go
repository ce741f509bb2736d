package localbank

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"corebank/internal/app"
	"corebank/internal/terminal"
	"corebank/localbank/datadir"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// statusOutput shows a person the state of the bank.
type statusOutput struct {
	began time.Time

	mu        sync.Mutex
	out       io.Writer
	line      *terminal.Line // what a terminal shows of a start or a stop
	parts     int
	done      int // parts that are ready, or then have stopped
	addresses map[string]string
	check     func(context.Context) error // fails unless the bank takes mutations
	up        bool
	outage    *outage
}

// outage is the time from a part's death until the bank works fully again.
type outage struct {
	began time.Time
	first string          // the part that died first
	down  map[string]bool // the parts that died and are not back
}

// An outage is over when the gateway reports itself ready for a while. It caches
// its answer for half a second, so a single answer may be older than the outage.
// A slow answer counts as a failure: the gateway was not ready when it was asked.
const (
	checkPause     = 50 * time.Millisecond  // between two questions
	stableTime     = 600 * time.Millisecond // without a failure
	maxCheckAnswer = 250 * time.Millisecond
)

// maxQuotedLines bounds how much of a log is shown.
const maxQuotedLines = 5

func newStatusOutput(out io.Writer) *statusOutput {
	return &statusOutput{out: out, began: time.Now(), line: terminal.NewLine(out)}
}

func (s *statusOutput) printf(format string, v ...any) {
	s.line.Erase()
	fmt.Fprintf(s.out, format, v...)
}

// step shows that one more part is ready or has stopped: on a terminal in one line
// that changes, elsewhere with what is said of the part.
func (s *statusOutput) step(doing, format string, v ...any) {
	s.done++
	if !s.line.Terminal {
		s.printf(format, v...)
		return
	}
	s.line.Show(fmt.Sprintf("%s: %d of %d parts done", doing, s.done, s.parts))
}

// starting begins the list of parts.
func (s *statusOutput) starting(bank *parts, programs sidecars.Programs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses = bank.addresses
	s.check = bank.check
	s.parts = len(bank.processes)
	s.printf("Starting %d parts, with Dapr %s from %s\n", len(bank.processes), programs.Version, programs.Daprd)
}

// show prints what happened to a part.
func (s *statusOutput) show(ctx context.Context, e supervisor.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.State {
	case supervisor.Started:
	case supervisor.Ready:
		s.step("Starting", "  %-20s  ready  %-31s  %s\n", e.Process, shownAddress(s.addresses[e.Process]), seconds(e.Took))
	case supervisor.Waiting:
		s.printf("  %-20s  not ready after %s: %v; its last lines:\n%s", e.Process, seconds(e.Took), e.Err, quoted(e.Lines))
	case supervisor.Died:
		s.printf("%s %s died (%v) and is started again in %v; its last lines:\n%s",
			clock(), e.Process, e.Err, e.Pause, quoted(e.Lines))
		s.partDied(e.Process)
	case supervisor.Back:
		s.printf("%s %s is back, %s after it died\n", clock(), e.Process, seconds(e.Took))
		s.partBack(ctx, e.Process)
	case supervisor.Stopped:
		s.step("Stopping", "  %-20s  stopped  %s\n", e.Process, seconds(e.Took))
	case supervisor.Killed:
		s.printf("  %-20s  killed: it did not stop within %s\n", e.Process, seconds(e.Took))
	}
}

func (s *statusOutput) partDied(part string) {
	if !s.up {
		return
	}
	if s.outage == nil {
		s.outage = &outage{began: time.Now(), first: part, down: make(map[string]bool)}
	}
	s.outage.down[part] = true
}

func (s *statusOutput) partBack(ctx context.Context, part string) {
	if s.outage == nil {
		return
	}
	delete(s.outage.down, part)
	if len(s.outage.down) == 0 {
		go s.awaitRecovery(ctx, s.outage)
	}
}

// awaitRecovery waits until nothing is down and the gateway has reported the
// bank ready for long enough, and then shows that the outage is over.
func (s *statusOutput) awaitRecovery(ctx context.Context, over *outage) {
	var since time.Time // of the first answer after the last failure
	for ctx.Err() == nil {
		asked := time.Now()
		switch err := s.check(ctx); {
		case err != nil:
			since = time.Time{}
		case since.IsZero() || time.Since(asked) > maxCheckAnswer:
			since = time.Now()
		}
		if s.isOver(over, since) {
			return
		}
		app.Pause(ctx, checkPause)
	}
}

// isOver reports whether there is nothing more to wait for, and prints the end
// of the outage if the bank has been ready for long enough.
func (s *statusOutput) isOver(over *outage, since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outage != over || len(over.down) > 0 {
		return true // it is over, or another part has died and its return will start another wait
	}
	if since.IsZero() || time.Since(since) < stableTime {
		return false
	}
	s.printf("%s the bank works fully again, %s after %s died\n", clock(), seconds(since.Sub(over.began)), over.first)
	s.outage = nil
	return true
}

// filling shows how far the demo is. It takes a few seconds, so only a terminal
// shows each step.
func (s *statusOutput) filling(done, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.line.Terminal:
		s.line.Show(fmt.Sprintf("Filling the demo: %d of %d requests", done, total))
	case done == 0:
		s.printf("Filling the demo with %d requests\n", total)
	}
}

// ready prints the addresses that a person needs, and how to sign in, on at most
// one screen of a terminal. No token is printed: the output may be a file that
// others read. demo, if there is one, says what the bank was filled with.
func (s *statusOutput) ready(ctx context.Context, listen string, data *datadir.Locked, demo string) {
	refused := s.refusal(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up, s.done = true, 0
	rows := []struct{ name, text string }{
		{"Console", "http://" + listen + "/console"},
		{"GraphiQL", "http://" + listen + "/"},
		{"GraphQL", "http://" + listen + "/graphql"},
		{"", "ws://" + listen + "/graphql"},
		{"Sign in", signInText(s.out, "http://"+listen, data)},
		{"Token", tokenCommand(data.Path, "--role teller")},
		{"", "(or customer, auditor, admin; see corebank token --help)"},
		{"Demo", demo},
		{"Health", "http://" + listen + "/readyz"},
		{"Metrics", shown(data.Targets()) + " (for Prometheus)"},
		{"Data", shown(data.Path)},
		{"Logs", shown(data.Logs())},
		{"Stop", "Ctrl-C"},
	}
	var block strings.Builder
	for _, row := range rows {
		for i, line := range strings.Split(row.text, "\n") {
			if line != "" {
				fmt.Fprintf(&block, "  %-9s %s\n", []string{row.name, ""}[min(i, 1)], line)
			}
		}
	}
	s.printf("\nThe bank is ready after %s.\n\n%s\n", seconds(time.Since(s.began)), &block)
	if refused != nil && ctx.Err() == nil {
		s.printf("It answers queries and refuses commands:\n%v\n\n", refused)
	}
}

// refusal is why the bank takes no mutations; nil if it does.
func (s *statusOutput) refusal(ctx context.Context) error {
	if s.check == nil {
		return nil
	}
	return s.check(ctx)
}

// tokenCommand is the command that prints a token, or with --link a sign-in link.
func tokenCommand(data, flag string) string {
	command := "corebank token " + flag
	if here, err := filepath.Abs(datadir.Default); err == nil && here == data {
		return command
	}
	return command + " --data " + forShell(data)
}

// forShell is a text as one word of a shell's command.
func forShell(text string) string {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// shown is a path as a person can read it.
func shown(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(path)
	}
	return path
}

// shownAddress is short: a socket is in the folder that all are in.
func shownAddress(address string) string {
	if path, found := strings.CutPrefix(address, "unix://"); found {
		return filepath.Base(path)
	}
	return address
}

// stopped prints that the bank has stopped, and why.
func (s *statusOutput) stopped(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line.Erase()
	if cause == nil {
		return // the bank never ran, and an error says why
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
	return "  | " + strings.Join(lines[max(0, len(lines)-maxQuotedLines):], "\n  | ") + "\n"
}
