package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Process says what to run and how to check that it is ready.
type Process struct {
	// Name is unique in its group and names the log file.
	Name string
	// Command is the path of the program, Args its arguments without its name.
	Command string
	Args    []string
	// Called is the name that the program is called by, for a program that is
	// several; empty means its path.
	Called string
	// Env is the whole environment: nothing is inherited.
	Env []string
	// Dir is the working directory; empty means that of this process.
	Dir string
	// Needs names processes that come earlier in the group. This one is started
	// when they are ready, and they are stopped when this one has stopped.
	Needs []string
	// Ready fails, with the reason, until the process does its work. It is called
	// repeatedly and must honour its context. nil means that a process is ready
	// when it was started.
	Ready func(ctx context.Context) error
	// ReadyWithin bounds the time to become ready at the first start; 0 means
	// a minute.
	ReadyWithin time.Duration
	// StopSignal asks the process to end; nil means SIGTERM. Grace is how long
	// it may take before it is killed; 0 means three seconds.
	StopSignal os.Signal
	Grace      time.Duration
	// BeforeStart, if set, is called before each start, for instance to release
	// a port that was held for the process.
	BeforeStart func() error
}

const (
	defaultReadyWithin = time.Minute
	defaultGrace       = 3 * time.Second
)

func (p Process) withDefaults() Process {
	if p.ReadyWithin == 0 {
		p.ReadyWithin = defaultReadyWithin
	}
	if p.Grace == 0 {
		p.Grace = defaultGrace
	}
	if p.StopSignal == nil {
		p.StopSignal = syscall.SIGTERM
	}
	if p.Ready == nil {
		p.Ready = func(context.Context) error { return nil }
	}
	if p.BeforeStart == nil {
		p.BeforeStart = func() error { return nil }
	}
	return p
}

// check validates a list of processes. Each may only need processes before it,
// so circles are impossible.
func check(processes []Process) error {
	seen := make(map[string]bool)
	for _, p := range processes {
		if p.Name == "" || p.Command == "" {
			return errors.New("a process needs a name and a command")
		}
		if seen[p.Name] {
			return fmt.Errorf("two processes have the name %s", p.Name)
		}
		for _, need := range p.Needs {
			if !seen[need] {
				return fmt.Errorf("%s needs %s, which is not before it in the group", p.Name, need)
			}
		}
		seen[p.Name] = true
	}
	return nil
}
