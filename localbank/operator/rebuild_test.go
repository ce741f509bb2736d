package operator

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corebank/internal/contract"
	"corebank/localbank/datadir"
	"corebank/projector"
)

func TestARebuildShowsItsRateAndTheTimeLeft(t *testing.T) {
	at := time.Unix(1_000, 0)
	var out bytes.Buffer
	s := newProgress(&out)
	s.line.Terminal, s.now = true, func() time.Time { return at }
	s.show(projector.Progress{Phase: projector.PhaseBuilding, Done: 0, Total: 100_000})
	at = at.Add(2 * time.Second)
	s.show(projector.Progress{Phase: projector.PhaseBuilding, Done: 40_000, Total: 100_000})
	s.show(projector.Progress{Phase: projector.PhaseSwitching})
	s.line.End()
	for _, want := range []string{"building   40000 of 100000   40 %  20000/s  3s left\n", "switching\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q does not say %q", out.String(), want)
		}
	}
}

func TestWithoutATerminalARebuildWritesFewLines(t *testing.T) {
	at := time.Unix(1_000, 0)
	var out bytes.Buffer
	s := newProgress(&out)
	s.now = func() time.Time { return at }
	for done := range int64(101) {
		s.show(projector.Progress{Phase: projector.PhaseBuilding, Done: done, Total: 100})
		at = at.Add(100 * time.Millisecond)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 3 || !strings.Contains(out.String(), "100 of 100") {
		t.Errorf("wrote %d lines, want one at the beginning, one after 5 s and the last:\n%s", lines, out.String())
	}
}

// machinesOf makes the directory of a bank on three machines that was stopped.
func machinesOf(t *testing.T) string {
	t.Helper()
	bank, err := datadir.OpenMachines(filepath.Join(t.TempDir(), "bank"), datadir.MachinesRun)
	if err != nil {
		t.Fatal(err)
	}
	running := datadir.Running{}
	for number := range datadir.MachinesRun {
		machine, err := bank.Machine(number + 1)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{contract.AppProjector: "127.0.0.1:1"}
		if err := machine.WriteRunning(datadir.Running{Parts: parts}); err != nil {
			t.Fatal(err)
		}
		running.Machines = append(running.Machines, datadir.Machine{Number: number + 1})
	}
	if err := bank.WriteRunning(running); err != nil {
		t.Fatal(err)
	}
	bank.Close()
	return bank.Path
}

func TestWithoutAProjectorTheErrorSaysWhatToDo(t *testing.T) {
	machines := machinesOf(t)
	for name, test := range map[string]struct {
		target Target
		want   string
	}{
		"no bank ever ran":           {Target{Data: t.TempDir()}, "--projector host:port"},
		"a bank on several machines": {Target{Data: machines}, "such as --data " + filepath.Join(machines, "machine-1")},
		"one of several machines": {Target{Data: filepath.Join(machines, "machine-2")},
			"start the bank with: corebank up --machines 3 --data " + machines},
		"nothing listens there": {Target{Address: "127.0.0.1:1"}, "--health address"},
	} {
		t.Run(name, func(t *testing.T) {
			admin, err := test.target.admin()
			if err == nil {
				_, err = admin.Rebuild(t.Context(), func(projector.Progress) {})
				err = test.target.explain(err)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want what to do: %q", err, test.want)
			}
		})
	}
}
