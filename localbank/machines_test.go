//go:build unix

package localbank

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
	"corebank/localbank/supervisor"
)

// await waits until a machine is in a state, as those read it who ask for it.
func await(t *testing.T, root *datadir.Machines, number int, state datadir.MachineState) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		running, err := datadir.ReadRunning(root.Path)
		if err != nil {
			t.Fatal(err)
		}
		if running.Machines[number-1].State == state {
			return
		}
		if !app.Pause(ctx, 10*time.Millisecond) {
			t.Fatalf("machine %d is %s, want %s", number, running.Machines[number-1].State, state)
		}
	}
}

// Given a machine that is stopped; when somebody loses it; then its disk is gone, although nothing of it runs. It can
// be started again, as an empty one, and be lost and stopped.
func TestAMachineThatIsStoppedCanBeLost(t *testing.T) {
	root, err := datadir.OpenMachines(filepath.Join(t.TempDir(), "bank"), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var out buffer
	m := &machines{root: root, status: newMachineOutput(&out)}
	for number := 1; number <= 3; number++ {
		data, err := root.Machine(number)
		if err != nil {
			t.Fatal(err)
		}
		m.all = append(m.all, &parts{number: number, data: data, root: root.Locked, addresses: make(map[string]string),
			processes: []supervisor.Process{{Name: "sleeper", Command: "/bin/sleep", Args: []string{"3600"},
				Ready: func(context.Context) error { return nil }}}})
	}
	if err := m.prepare([]string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.run(ctx) }()
	kept := filepath.Join(root.MachineDir(2).Path, "kept")
	await(t, root, 2, datadir.MachineReady)
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		wish  string
		state datadir.MachineState
		kept  bool
	}{
		{datadir.WishStop, datadir.MachineStopped, true},
		{datadir.WishLose, datadir.MachineLost, false},
		{"", datadir.MachineReady, false},
		{datadir.WishLose, datadir.MachineLost, false},
		{datadir.WishStop, datadir.MachineStopped, false},
		{"", datadir.MachineReady, false},
	} {
		if err := root.Wish(2, step.wish); err != nil {
			t.Fatal(err)
		}
		await(t, root, 2, step.state)
		if _, err := os.Stat(kept); errors.Is(err, fs.ErrNotExist) == step.kept {
			t.Errorf("when it is %s: %v, want that its disk is kept: %t", step.state, err, step.kept)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Given hosts for the machines; then each part listens in the host of its machine only, and is started there.
func TestPartsRunInTheHostsOfTheirMachines(t *testing.T) {
	root, err := datadir.OpenMachines(filepath.Join(t.TempDir(), "bank"), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	held := ports.New()
	defer held.FreeAll()
	config := Config{Program: "/x/corebank", LogLevel: "warn", MTLS: true, Machines: 3, Listen: "127.0.0.1:8080",
		Hosts: []string{"198.18.0.6", "198.18.0.10", "198.18.0.14"},
		Enter: []string{"enter 1 --", "enter 2 --", "enter 3 --"}}
	if err := config.CheckMachines(); err != nil {
		t.Fatal(err)
	}
	gateways, err := listenAll(config, held)
	if err != nil {
		t.Fatal(err)
	}
	all, err := newMachines(config, gateways, root, dapr, held)
	if err != nil {
		t.Fatal(err)
	}
	for i, machine := range all {
		own := config.Hosts[i] + ":"
		if machine.addresses[contract.AppServer] != own+"8080" || !strings.HasPrefix(machine.addresses[partImmudb], own) {
			t.Errorf("machine %d has the addresses %v", i+1, machine.addresses)
		}
		for _, p := range machine.processes {
			if p.Command != "enter" || p.Args[0] != config.Enter[i][len("enter "):len("enter ")+1] {
				t.Errorf("machine %d: %s is started with %s %q", i+1, p.Name, p.Command, p.Args)
			}
			for _, argument := range p.Args {
				if strings.Contains(argument, "127.0.0.1") && !strings.HasPrefix(argument, "--issuer=") {
					t.Errorf("machine %d: %s has %s", i+1, p.Name, argument)
				}
			}
			for _, entry := range p.Env {
				if name, value, _ := strings.Cut(entry, "="); name == "DAPR_HOST_IP" && value+":" != own {
					t.Errorf("machine %d: the others look for %s at %s", i+1, p.Name, value)
				}
			}
		}
	}
	config.Hosts = config.Hosts[:2]
	if err := config.CheckMachines(); err == nil || !strings.Contains(err.Error(), "one for each machine") {
		t.Errorf("with two hosts for three machines: %v", err)
	}
}
