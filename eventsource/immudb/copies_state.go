package immudb

import (
	"corebank/eventsource/copies"
)

// CopyState is what the holder of the lease last knew of a machine.
type CopyState struct {
	Address string
	Primary bool
	Present bool   // it answers, and has a copy of the log
	Behind  uint64 // the transactions of the primary that it does not have
}

// Copies are the states of all machines; none before the first look at them, which only the holder of a lease takes.
func (m *Machines) Copies() []CopyState {
	if states := m.states.Load(); states != nil {
		return *states
	}
	return nil
}

// note notes what was observed.
func (m *Machines) note(observed []copies.Machine, primary string) {
	var most uint64
	for _, machine := range observed {
		if machine.Address == primary {
			most = machine.Has
		}
	}
	states := make([]CopyState, 0, len(observed))
	for _, machine := range observed {
		states = append(states, CopyState{Address: machine.Address, Primary: machine.Address == primary,
			Present: machine.Fault == "" && !machine.Empty, Behind: most - min(most, machine.Has)})
	}
	m.states.Store(&states)
}
