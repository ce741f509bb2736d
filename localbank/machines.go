package localbank

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
	"corebank/localbank/supervisor"
)

// Bounds of running machines.
const (
	wishEvery    = 100 * time.Millisecond // how often a machine looks at what was asked for it
	machinePause = 5 * time.Second        // before a machine that could not start is tried again
)

// CheckMachines refuses machines that cannot be run.
func (c Config) CheckMachines() error {
	if err := datadir.CheckMachines(c.Machines); err != nil {
		return fmt.Errorf("--machines: %w", err)
	}
	switch {
	case c.Machines == 1:
		return nil
	case c.Partitions > 1:
		return errors.New("--machines and --partitions: a bank on several machines has a log with one partition; " +
			"leave one of the two out")
	case len(c.Via) > 0:
		return errors.New("--machines and --via: there is no proxy for one of several machines")
	case len(c.Hosts) > 0 && (len(c.Hosts) != c.Machines || len(c.Enter) != c.Machines):
		return fmt.Errorf("--host and --enter: want %d of each, one for each machine", c.Machines)
	}
	return nil
}

// machines are those of a running bank.
type machines struct {
	root   *datadir.Machines
	status *machineOutput
	all    []*parts

	mu      sync.Mutex
	running datadir.Running
}

// runMachines runs a bank on several machines, all of them here, until ctx ends.
func runMachines(ctx context.Context, config Config) error {
	held := ports.New()
	defer held.FreeAll()
	addresses, err := listenAll(config, held)
	if err != nil {
		return err
	}
	root, err := datadir.OpenMachines(config.Data, config.Machines)
	if err != nil {
		return err
	}
	defer root.Close()
	defer publishKeys(ctx, root.Issuer)()
	// The reader of the output may end first. The bank must still stop in order.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	m := &machines{root: root, status: newMachineOutput(config.Out)}
	programs, err := findSidecars(ctx, config.Out)
	if ctx.Err() != nil {
		m.status.stopped(context.Cause(ctx))
		return nil // a stop during the build is no failure
	}
	if err != nil {
		return err
	}
	if m.all, err = newMachines(config, addresses, root, programs, held); err != nil {
		return err
	}
	if err := m.prepare(addresses); err != nil {
		return err
	}
	m.status.starting(m.all, programs)
	err = m.run(ctx)
	m.status.stopped(context.Cause(ctx))
	return err
}

// listenAll listens for the gateways of all machines: at the address that was given and
// the ports after it, or at free ports.
func listenAll(config Config, held *ports.Held) (addresses []string, err error) {
	host, portText, err := net.SplitHostPort(config.Listen)
	if err != nil {
		_, err = listen(config.Listen) // which says what is wrong
		return nil, err
	}
	first, err := strconv.Atoi(portText)
	if err != nil {
		_, err = listen(config.Listen)
		return nil, err
	}
	for i := range config.Machines {
		port := first
		if first != 0 {
			port += i
		}
		if len(config.Hosts) > 0 { // where no one else listens
			addresses = append(addresses, net.JoinHostPort(config.Hosts[i], portText))
			continue
		}
		lis, err := listen(net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("the gateway of machine %d: %w", i+1, err)
		}
		addresses = append(addresses, held.Hold(lis))
		answerStarting(lis)
	}
	return addresses, nil
}

// prepare forgets the wishes of the last run and writes where everything is.
func (m *machines) prepare(addresses []string) error {
	for i, p := range m.all {
		if err := m.root.Wish(i+1, ""); err != nil {
			return err
		}
		if err := p.data.WriteRunning(p.running()); err != nil {
			return err
		}
		m.running.Machines = append(m.running.Machines, datadir.Machine{Number: i + 1, State: datadir.MachineStarting,
			Data: p.data.Path, Gateway: "http://" + addresses[i], Processes: make(map[string]int)})
	}
	m.running.Gateway = m.running.Machines[0].Gateway
	return m.write(func() {})
}

// write changes what is known of the machines, and writes it.
func (m *machines) write(change func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
	return m.root.WriteRunning(m.running)
}

// run runs all machines until ctx ends.
func (m *machines) run(ctx context.Context) error {
	failures := make([]error, len(m.all))
	var all sync.WaitGroup
	for i, p := range m.all {
		all.Go(func() { failures[i] = m.runMachine(ctx, p) })
	}
	all.Wait()
	return errors.Join(failures...)
}

// runMachine runs one machine, and again whenever it was stopped or lost and is to run
// again. Its error is that something was left running.
func (m *machines) runMachine(ctx context.Context, p *parts) error {
	for {
		wish, problem := m.root.Wished(p.number), error(nil)
		if wish == "" {
			wish, problem = m.runOnce(ctx, p)
		}
		switch {
		case ctx.Err() != nil:
			return problem
		case wish != "":
			m.rest(ctx, p, wish, problem)
		default: // it could not start, which is no reason for the others to end
			m.status.failed(p.number, problem, machinePause)
			app.Pause(ctx, machinePause)
		}
	}
}

// rest obeys a wish for a machine of which nothing runs, and waits for another wish.
func (m *machines) rest(ctx context.Context, p *parts, wish string, problem error) {
	state := datadir.MachineStopped
	if wish == datadir.WishLose {
		state, problem = datadir.MachineLost, errors.Join(problem, m.root.Lose(p.number))
	}
	m.become(p, state, problem)
	for m.root.Wished(p.number) == wish && app.Pause(ctx, wishEvery) {
	}
}

// runOnce runs a machine until ctx ends, or until somebody wishes otherwise.
func (m *machines) runOnce(ctx context.Context, p *parts) (wish string, err error) {
	m.become(p, datadir.MachineStarting, nil)
	data, err := m.root.Machine(p.number)
	if err == nil {
		err = p.config.settle(ctx, data, m.status.say)
	}
	if err != nil {
		return "", err
	}
	if err := p.data.WriteRunning(p.running()); err != nil {
		return "", err
	}
	began := time.Now()
	group, err := supervisor.New(p.data.Logs(), func(e supervisor.Event) { m.note(p, e) }, p.processes...)
	if err != nil {
		return "", err
	}
	defer killOnSecondSignal(group)()
	running, stop := context.WithCancel(ctx)
	defer stop()
	var watching sync.WaitGroup
	watching.Go(func() {
		for app.Pause(running, wishEvery) {
			if wish = m.root.Wished(p.number); wish == datadir.WishLose {
				group.Kill()
			}
			if wish != "" {
				stop()
			}
		}
	})
	err = group.Run(running, func() {
		m.become(p, datadir.MachineReady, nil)
		if m.status.ready(p, time.Since(began)) {
			demo := ""
			if p.config.Demo {
				demo = fillDemo(running, m.status.statusOutput, p.addresses[contract.AppServer], m.root.Locked)
			}
			m.status.whole(p, m.root, demo)
		}
	})
	stop()
	watching.Wait()
	return wish, err
}

// become notes and shows the state of a machine.
func (m *machines) become(p *parts, state datadir.MachineState, problem error) {
	err := m.write(func() {
		machine := &m.running.Machines[p.number-1]
		machine.State = state
		if state == datadir.MachineStopped || state == datadir.MachineLost {
			clear(machine.Processes)
		}
	})
	m.status.became(p.number, state, errors.Join(problem, err))
}

// note notes the process of a part, and shows what happened to it.
func (m *machines) note(p *parts, e supervisor.Event) {
	if e.State == supervisor.Started || e.State == supervisor.Died {
		err := m.write(func() {
			processes := maps.Clone(m.running.Machines[p.number-1].Processes)
			if processes[e.Process] = e.PID; e.State == supervisor.Died {
				delete(processes, e.Process)
			}
			m.running.Machines[p.number-1].Processes = processes
		})
		if err != nil {
			m.status.became(p.number, "", err)
		}
	}
	m.status.show(p.number, e)
}
