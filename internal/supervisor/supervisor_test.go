//go:build unix

package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"corebank/internal/supervisor"
)

// stage is a group under test: its directory, what it reported and how it
// ends.
type stage struct {
	t     *testing.T
	dir   string
	group *supervisor.Group
	stop  context.CancelFunc
	ready chan struct{}
	ended chan error

	mu     sync.Mutex
	events []supervisor.Event
}

// child is a process of the stage. It is ready when it has written its id.
func (s *stage) child(role, name string, needs ...string) supervisor.Process {
	program, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	return supervisor.Process{Name: name, Command: program, Dir: s.dir, Needs: needs, Env: environment(role, name),
		BeforeStart: func() error { // what a former run wrote does not count
			if err := os.Remove(filepath.Join(s.dir, name+".pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return nil
		},
		Ready: func(context.Context) error {
			if readPID(s.dir, name) == 0 {
				return errors.New("it has not written its id")
			}
			return nil
		}}
}

func newStage(t *testing.T) *stage {
	return &stage{t: t, dir: t.TempDir(), ready: make(chan struct{}), ended: make(chan error, 1)}
}

// play starts a group and stops it, at the latest, with the test.
func (s *stage) play(processes ...supervisor.Process) {
	s.t.Helper()
	group, err := supervisor.New(s.dir, s.report, processes...)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	s.group, s.stop = group, cancel
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		s.ended <- group.Run(ctx, func() { close(s.ready) })
	}()
	s.t.Cleanup(func() {
		cancel()
		group.Kill()
		<-finished
		s.nothingLeft()
	})
}

func (s *stage) report(e supervisor.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

func (s *stage) awaitReady() {
	s.t.Helper()
	select {
	case <-s.ready:
	case err := <-s.ended:
		s.t.Fatalf("the group ended before it was ready: %v", err)
	}
}

// end stops the group and returns how it ended.
func (s *stage) end() error {
	s.stop()
	return <-s.ended
}

// seen is the events of a process in one state.
func (s *stage) seen(name string, state supervisor.State) []supervisor.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.events), func(e supervisor.Event) bool {
		return e.Process != name || e.State != state
	})
}

// nothingLeft checks every process that was ever started, by its id.
func (s *stage) nothingLeft() {
	s.t.Helper()
	for _, e := range s.events {
		if e.State == supervisor.Started && alive(e.PID) {
			s.t.Errorf("%s, process %d, is still there", e.Process, e.PID)
		}
	}
}

func TestAGroupStartsInOrderAndStopsInReverse(t *testing.T) {
	s := newStage(t)
	s.play(s.child("server", "vault"), s.child("server", "desk", "vault"), s.child("server", "door", "desk", "vault"))
	s.awaitReady()
	var started []string
	for _, e := range s.events {
		if e.State == supervisor.Started || e.State == supervisor.Ready {
			started = append(started, e.Process+" "+string(e.State))
		}
	}
	want := []string{"vault started", "vault ready", "desk started", "desk ready", "door started", "door ready"}
	if !slices.Equal(started, want) {
		t.Errorf("started as %q, want %q", started, want)
	}
	if err := s.end(); err != nil {
		t.Errorf("a group that is told to end reports %v", err)
	}
	if got, want := lines(t, filepath.Join(s.dir, "order")), []string{"door", "desk", "vault"}; !slices.Equal(got, want) {
		t.Errorf("stopped in the order %q, want %q", got, want)
	}
	s.nothingLeft()
}

func TestAChildThatDiesIsStartedAgain(t *testing.T) {
	s := newStage(t)
	s.play(s.child("server", "vault"), s.child("server", "desk", "vault"))
	s.awaitReady()
	desk := readPID(s.dir, "desk")
	for round := 1; round <= 2; round++ {
		vault := readPID(s.dir, "vault")
		if err := syscall.Kill(vault, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the vault is back", func() bool { return len(s.seen("vault", supervisor.Back)) == round })
		if again := readPID(s.dir, "vault"); again == vault || !alive(again) {
			t.Errorf("the vault's process was %d and is %d", vault, again)
		}
		died := s.seen("vault", supervisor.Died)[round-1]
		if died.Err == nil || !strings.Contains(died.Err.Error(), "killed") {
			t.Errorf("it died of %v, want a word on the kill", died.Err)
		}
		if !slices.Contains(died.Lines, "serving as vault") {
			t.Errorf("its last lines are %q", died.Lines)
		}
		if want := 100 * time.Millisecond << (round - 1); died.Pause != want {
			t.Errorf("death %d is followed by a pause of %v, want %v", round, died.Pause, want)
		}
	}
	if readPID(s.dir, "desk") != desk || !alive(desk) {
		t.Error("the desk did not stay as it was")
	}
	if err := s.end(); err != nil {
		t.Error(err)
	}
}

func TestAChildThatStumblesAtItsFirstStartIsStartedAgain(t *testing.T) {
	s := newStage(t)
	s.play(s.child("nervous", "clerk"))
	s.awaitReady()
	died := s.seen("clerk", supervisor.Died)
	if len(died) != 1 || died[0].Err.Error() != "exit status 3" || !slices.Contains(died[0].Lines, "it is too dark") {
		t.Errorf("reported %+v, want one death with its reason", died)
	}
	if err := s.end(); err != nil {
		t.Error(err)
	}
}

func TestAChildThatNeverStartsEndsTheGroup(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*stage, *supervisor.Process)
		says   []string
	}{
		"it breaks down each time": {
			func(s *stage, p *supervisor.Process) { p.Env = environment("broken", p.Name) },
			[]string{"desk did not start", "exit status 3", "the cellar is flooded", "desk.log"},
		},
		"it does not become ready": {
			func(s *stage, p *supervisor.Process) {
				p.ReadyWithin = 100 * time.Millisecond
				p.Ready = func(context.Context) error { return errors.New("the till is locked") }
			},
			[]string{"desk did not start", "not ready within 100ms", "the till is locked", "desk.log"},
		},
		"there is no such program": {
			func(s *stage, p *supervisor.Process) { p.Command = filepath.Join(s.dir, "nobody") },
			[]string{"desk did not start", "no such file", "desk.log"},
		},
		"its port cannot be set free": {
			func(s *stage, p *supervisor.Process) {
				p.BeforeStart = func() error { return errors.New("the port is stuck") }
			},
			[]string{"desk did not start", "the port is stuck"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			desk := s.child("server", "desk", "vault")
			test.change(s, &desk)
			s.play(s.child("server", "vault"), desk, s.child("server", "door", "desk"))
			err := <-s.ended
			var start *supervisor.StartError
			if !errors.As(err, &start) || start.Process != "desk" {
				t.Fatalf("got %v, want a StartError of the desk", err)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error does not say %q:\n%v", says, err)
				}
			}
			if len(s.seen("door", supervisor.Started)) != 0 {
				t.Error("the door was started without its desk")
			}
			if len(s.seen("vault", supervisor.Stopped)) != 1 {
				t.Error("the vault was not stopped in order")
			}
			s.nothingLeft()
		})
	}
}

func TestAChildThatIgnoresRequestsIsKilled(t *testing.T) {
	s := newStage(t)
	stubborn := s.child("stubborn", "guest", "vault")
	stubborn.Grace = 50 * time.Millisecond
	s.play(s.child("server", "vault"), stubborn)
	s.awaitReady()
	if err := s.end(); err != nil {
		t.Error(err)
	}
	if len(s.seen("guest", supervisor.Killed)) != 1 {
		t.Error("the guest was not killed")
	}
	if len(s.seen("vault", supervisor.Stopped)) != 1 {
		t.Error("the vault was not stopped in order")
	}
	s.nothingLeft()
}

func TestASecondRequestKillsAtOnce(t *testing.T) {
	s := newStage(t)
	stubborn := s.child("stubborn", "guest", "vault")
	stubborn.Grace = time.Hour
	s.play(s.child("server", "vault"), stubborn)
	s.awaitReady()
	s.stop()
	s.group.Kill()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	s.nothingLeft()
}

func TestAGroupCanBeStoppedWhileItStarts(t *testing.T) {
	s := newStage(t)
	never := s.child("server", "desk", "vault")
	never.Ready = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	s.play(s.child("server", "vault"), never, s.child("server", "door", "desk"))
	eventually(t, "the desk is started", func() bool { return len(s.seen("desk", supervisor.Started)) == 1 })
	if err := s.end(); err != nil {
		t.Errorf("a group that is told to end reports %v", err)
	}
	s.nothingLeft()
}

func TestWhatAChildStartedEndsWithIt(t *testing.T) {
	s := newStage(t)
	s.play(s.child("parent", "family"))
	s.awaitReady()
	var grandchild int
	eventually(t, "the grandchild runs", func() bool { grandchild = readPID(s.dir, "grandchild"); return grandchild != 0 })

	// The child is killed: its own child does not meet the next one.
	if err := syscall.Kill(readPID(s.dir, "family"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the grandchild is gone", func() bool { return !alive(grandchild) })
	eventually(t, "the family is back", func() bool { return len(s.seen("family", supervisor.Back)) == 1 })

	var next int
	eventually(t, "another grandchild runs", func() bool {
		next = readPID(s.dir, "grandchild")
		return next != 0 && next != grandchild
	})
	if err := s.end(); err != nil {
		t.Error(err)
	}
	eventually(t, "the second grandchild is gone", func() bool { return !alive(next) })
}

func TestALargeLogIsPutAside(t *testing.T) {
	s := newStage(t)
	log := filepath.Join(s.dir, "vault.log")
	if err := os.WriteFile(log, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(log, 32<<20+1); err != nil { // a hole, no bytes on disk
		t.Fatal(err)
	}
	s.play(s.child("server", "vault"))
	s.awaitReady()
	eventually(t, "the vault's words are in the log", func() bool { return slices.Contains(lines(t, log), "serving as vault") })
	if err := s.end(); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(log); err != nil || info.Size() > 1000 {
		t.Errorf("the new log: %v, %v", info, err)
	}
	if info, err := os.Stat(log + ".1"); err != nil || info.Size() != 32<<20+1 {
		t.Errorf("the old log: %v, %v", info, err)
	}
}

func TestAGroupThatCannotBe(t *testing.T) {
	for name, test := range map[string]struct {
		processes []supervisor.Process
		says      string
	}{
		"no name":           {[]supervisor.Process{{Command: "x"}}, "a name and a command"},
		"no command":        {[]supervisor.Process{{Name: "a"}}, "a name and a command"},
		"the same twice":    {[]supervisor.Process{{Name: "a", Command: "x"}, {Name: "a", Command: "x"}}, "two processes"},
		"a need of nobody":  {[]supervisor.Process{{Name: "a", Command: "x", Needs: []string{"b"}}}, "a needs b"},
		"a need of a later": {[]supervisor.Process{{Name: "a", Command: "x", Needs: []string{"b"}}, {Name: "b", Command: "x"}}, "a needs b"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := supervisor.New(t.TempDir(), nil, test.processes...)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
	if _, err := supervisor.New(filepath.Join(t.TempDir(), "missing"), nil); err == nil {
		t.Error("a group without a directory for its logs was made")
	}
}

func TestChildrenDoNotOutliveAKilledSupervisor(t *testing.T) {
	if !onLinux() {
		t.Skip("only Linux ends the children of a killed process")
	}
	dir := t.TempDir()
	command := actor("supervisor", "supervisor")
	command.Dir = dir
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var child int
	eventually(t, "the child runs", func() bool { child = readPID(dir, "stubborn"); return child != 0 })
	if !alive(child) {
		t.Fatal("the child does not run")
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	eventually(t, "the child is gone", func() bool { return !alive(child) })
}

func TestAnOrphanOfGoRunNotices(t *testing.T) {
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A program called "go", which dies without a word to its child.
	parent := filepath.Join(dir, "go")
	if err := os.Link(program, parent); err != nil {
		t.Skipf("no link to the test binary: %v", err)
	}
	command := actor("middle", "middle")
	command.Path, command.Dir = parent, dir
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var orphan int
	eventually(t, "parent and child run", func() bool { orphan = readPID(dir, "orphan"); return orphan != 0 && readPID(dir, "middle") != 0 })
	t.Cleanup(func() { _ = syscall.Kill(orphan, syscall.SIGKILL) })
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	eventually(t, "the orphan has ended", func() bool { return !alive(orphan) })
	if got, want := lines(t, filepath.Join(dir, "farewell")), fmt.Sprintf("%q, which started this process, has ended", "go"); got[0] != want {
		t.Errorf("it ended because of %q, want %q", got[0], want)
	}
}
