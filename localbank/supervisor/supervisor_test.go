//go:build unix

package supervisor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"corebank/localbank/supervisor"
)

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
		t.Errorf("a group that is asked to end reports %v", err)
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
		t.Errorf("a group that is asked to end reports %v", err)
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
	eventually(t, "the vault's words are in the log",
		func() bool { return slices.Contains(lines(t, log), "serving as vault") })
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
		"no name":              {[]supervisor.Process{{Command: "x"}}, "a name and a command"},
		"no command":           {[]supervisor.Process{{Name: "a"}}, "a name and a command"},
		"the same twice":       {[]supervisor.Process{{Name: "a", Command: "x"}, {Name: "a", Command: "x"}}, "two processes"},
		"a need of no process": {[]supervisor.Process{{Name: "a", Command: "x", Needs: []string{"b"}}}, "a needs b"},
		"a need of a later": {[]supervisor.Process{{Name: "a", Command: "x", Needs: []string{"b"}},
			{Name: "b", Command: "x"}}, "a needs b"},
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
