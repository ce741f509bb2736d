//go:build unix

package supervisor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"corebank/localbank/supervisor"
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
