package localbank

import (
	"errors"
	"io"
	"strings"
	"time"

	"corebank/internal/contract"
	"corebank/localbank/datadir"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// machineOutput shows a person the state of a bank on several machines.
type machineOutput struct {
	*statusOutput
	waiting map[int]bool // the machines that have not been ready yet
}

func newMachineOutput(out io.Writer) *machineOutput {
	return &machineOutput{statusOutput: newStatusOutput(out), waiting: make(map[int]bool)}
}

func (s *machineOutput) starting(all []*parts, programs sidecars.Programs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, p := range all {
		s.waiting[p.number] = true
		count += len(p.processes)
	}
	s.printf("Starting %d parts on %d machines, with Dapr %s from %s\n", count, len(all), programs.Version, programs.Daprd)
}

// say prints a line of one of the machines.
func (s *machineOutput) say(format string, v ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printf(format, v...)
}

// show prints what a person has to know of a part.
func (s *machineOutput) show(machine int, e supervisor.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.State {
	case supervisor.Waiting:
		s.printf("  machine %d: %s not ready after %s: %v\n", machine, e.Process, seconds(e.Took), e.Err)
	case supervisor.Died:
		s.printf("%s machine %d: %s died (%v) and is started again in %v; its last lines:\n%s",
			clock(), machine, e.Process, e.Err, e.Pause, quoted(e.Lines))
	case supervisor.Back:
		s.printf("%s machine %d: %s is back, %s after it died\n", clock(), machine, e.Process, seconds(e.Took))
	case supervisor.Killed:
		if s.up {
			return // many at once, when a machine is lost
		}
		s.printf("  machine %d: %s was killed: it did not stop within %s\n", machine, e.Process, seconds(e.Took))
	case supervisor.Started, supervisor.Ready, supervisor.Stopped:
	}
}

// became prints the state of a machine.
func (s *machineOutput) became(machine int, state datadir.MachineState, problem error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if problem != nil {
		s.printf("%s machine %d: %v\n", clock(), machine, problem)
	}
	switch state {
	case datadir.MachineStopped:
		s.printf("%s machine %d is stopped; start it again with: corebank machine start %d\n", clock(), machine, machine)
	case datadir.MachineLost:
		s.printf("%s machine %d is lost, with its disk; put an empty one in its place with: corebank machine start %d\n",
			clock(), machine, machine)
	case datadir.MachineStarting, datadir.MachineReady:
	}
}

// failed prints that a machine could not start.
func (s *machineOutput) failed(machine int, problem error, pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if problem == nil {
		problem = errors.New("it ended")
	}
	s.printf("%s machine %d did not start and is tried again in %v: %v\n", clock(), machine, pause, problem)
}

// ready prints that a machine is ready. It reports whether it is the last one that is for
// the first time.
func (s *machineOutput) ready(p *parts, took time.Duration) (whole bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printf("  machine %d  ready  http://%s  %s\n", p.number, p.addresses[contract.AppServer], seconds(took))
	delete(s.waiting, p.number)
	whole = !s.up && len(s.waiting) == 0
	s.up = s.up || whole
	return whole
}

// whole prints what a person needs when all machines are ready. demo, if there is one, says
// what the bank was filled with.
func (s *machineOutput) whole(p *parts, root *datadir.Machines, demo string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gateway := "http://" + p.addresses[contract.AppServer]
	if demo != "" {
		demo = "  Demo       " + strings.ReplaceAll(demo, "\n", "\n             ") + "\n"
	}
	s.printf(`
The bank is ready on %[1]d machines after %[2]s. %[3]s

  Console    at any gateway, for example %[4]s/console
  Token      %[5]s
%[7]s  Machines   corebank machine --data %[6]s
             shows them; stop, lose or start one with for example: corebank machine lose 2
  Data       %[6]s, one folder for each machine, with its logs
  Stop       Ctrl-C

`, root.Count(), seconds(time.Since(s.began)), signInText(s.out, gateway, root.Locked), gateway,
		tokenCommand(root.Path, "--role teller"), shown(root.Path), demo)
}
