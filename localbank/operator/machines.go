package operator

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"corebank/internal/app"
	"corebank/localbank/datadir"
)

// Machines are those of the bank on a data directory, of which somebody wants to see or
// change the state.
type Machines struct {
	Data string
	Out  io.Writer
}

// Bounds of a change.
const (
	changeTime  = 5 * time.Minute // an empty machine may take a while to be ready
	changeEvery = 100 * time.Millisecond
)

// read is the machines of a bank that runs.
func (m Machines) read() (datadir.Running, error) {
	running, err := datadir.ReadRunning(m.Data)
	if err != nil {
		return running, err
	}
	if len(running.Machines) == 0 {
		return running, fmt.Errorf("the bank on --data %s is on one machine; "+
			"one on three is made with: corebank up --machines %d --data DIR", m.Data, datadir.MachinesRun)
	}
	if !(datadir.Dir{Path: m.Data}).Runs() {
		return running, fmt.Errorf("no bank runs on --data %[1]s; start it with: corebank up --machines %[2]d --data %[1]s",
			m.Data, len(running.Machines))
	}
	return running, nil
}

// Show prints what each machine does, and which of its parts run as which process.
func (m Machines) Show() error {
	running, err := m.read()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(m.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "machine\tstate\tgateway\tdata")
	for _, machine := range running.Machines {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", machine.Number, machine.State, machine.Gateway, machine.Data)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, machine := range running.Machines {
		var parts []string
		for _, part := range slices.Sorted(maps.Keys(machine.Processes)) {
			parts = append(parts, fmt.Sprintf("%s %d", part, machine.Processes[part]))
		}
		if len(parts) > 0 {
			fmt.Fprintf(m.Out, "\nmachine %d runs as processes: %s\n", machine.Number, strings.Join(parts, ", "))
		}
	}
	return nil
}

// Change has a machine stopped or lost, or started again if the wish is empty, and waits
// until it is.
func (m Machines) Change(ctx context.Context, number int, wish string) error {
	running, err := m.read()
	if err != nil {
		return err
	}
	if number < 1 || number > len(running.Machines) {
		return fmt.Errorf("there is no machine %d: the bank on --data %s has machines 1 to %d", number, m.Data,
			len(running.Machines))
	}
	if err := (datadir.Dir{Path: m.Data}).Wish(number, wish); err != nil {
		return err
	}
	want := map[string]datadir.MachineState{"": datadir.MachineReady, datadir.WishStop: datadir.MachineStopped,
		datadir.WishLose: datadir.MachineLost}[wish]
	began := time.Now()
	for state := running.Machines[number-1].State; state != want; state = running.Machines[number-1].State {
		if time.Since(began) > changeTime || !app.Pause(ctx, changeEvery) {
			return fmt.Errorf("machine %d is %s and not %s yet; the output of \"corebank up\" says why", number, state, want)
		}
		if running, err = m.read(); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(m.Out, "Machine %d is %s, after %.1f s.\n", number, want, time.Since(began).Seconds())
	return err
}
