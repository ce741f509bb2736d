package torture

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corebank/check/hosts"
	"corebank/check/must"
	"corebank/internal/app"
)

// network is the hosts of the machines, where a fault needs them: then each machine is in
// one, and what goes from one to another can be cut.
type network struct {
	*hosts.Network              // nil if no fault needs it
	syncs          *hosts.Syncs // nil if no fault needs them
	socket         string
	machines       int
}

// syncsSocket is what the name of the socket has after the bank's directory.
const syncsSocket = ".syncs"

// newNetwork makes what the faults need.
func newNetwork(c Config) (n *network, err error) {
	defer must.Catch(&err)
	n = &network{machines: c.Machines}
	if slices.ContainsFunc(c.Kinds, Kind.needsHosts) {
		n.Network = must.Get(hosts.New(c.Machines))
	}
	if slices.Contains(c.Kinds, SlowDisk) {
		n.socket = c.Data + syncsSocket
		n.syncs = must.Get(hosts.ServeSyncs(n.socket, c.Machines))
	}
	return n, nil
}

// close ends it, when the bank has ended.
func (n *network) close() {
	if n.Network != nil {
		_ = n.Close() // it ends with this process
	}
	if n.syncs != nil {
		_ = n.syncs.Close()
	}
}

// flags tell a bank where its machines are.
func (n *network) flags(program string) (flags []string) {
	if n.Network == nil {
		return nil
	}
	for number := 1; number <= n.machines; number++ {
		flags = append(flags, "--host="+n.Address(number).String(),
			fmt.Sprintf("--enter=%s enter --number=%d --namespace=%s --syncs=%s --", program, number, n.Namespace(number),
				n.socket))
	}
	return flags
}

// SlowDisk has each sync of a machine take syncDelay longer.
const (
	SlowDisk  Kind = "machine:disk-slow"
	syncDelay      = 200 * time.Millisecond
)

// cut is which ways from and to a machine lose everything.
type cut struct{ peers, clients, out, in bool }

// cuts are the ways in which a machine is cut off, by the fault.
var cuts = map[Kind]cut{
	"machine:cut":         {peers: true, clients: true, out: true, in: true},
	"machine:deaf":        {peers: true, clients: true, in: true},
	"machine:mute":        {peers: true, clients: true, out: true},
	"machine:cut-peers":   {peers: true, out: true, in: true},
	"machine:cut-clients": {clients: true, out: true, in: true},
	"machines:apart":      {peers: true, out: true, in: true},
}

// needsHosts reports whether a fault needs machines in hosts of their own.
func (k Kind) needsHosts() bool {
	_, is := cuts[k]
	return is || k == SlowDisk
}

// cutMachine cuts a machine off for longer than every lease, and heals that.
func (r *run) cutMachine(_ context.Context, i injection) error {
	number := r.someMachine()
	r.strike()
	return r.whileCut(i, number)
}

// partMachines cuts each machine off from the others. Nothing can be acknowledged until
// they are together again.
func (r *run) partMachines(_ context.Context, i injection) error {
	var all []int
	for number := 1; number <= r.Machines; number++ {
		all = append(all, number)
	}
	r.hurtAll()
	defer r.strike()
	return r.whileCut(i, all...)
}

func (r *run) whileCut(i injection, numbers ...int) (err error) {
	defer must.Catch(&err)
	defer func() { err = errors.Join(err, r.network.Heal()) }()
	for _, number := range numbers {
		must.Do(r.network.shut(cuts[i.Kind], number))
	}
	app.Pause(i.running, frozenLeast+i.Lasts)
	return nil
}

// shut cuts a machine off, until all is healed.
func (n *network) shut(c cut, number int) error {
	for _, way := range n.ways(c, number) {
		if err := n.Drop(way[0], way[1]); err != nil {
			return err
		}
	}
	return nil
}

// ways are those that a cut of a machine closes, each from one host to another one. Host 0
// is where the clients are.
func (n *network) ways(c cut, number int) (all [][2]int) {
	for other := range n.machines + 1 {
		if other == number || other == 0 && !c.clients || other > 0 && !c.peers {
			continue
		}
		if c.out {
			all = append(all, [2]int{number, other})
		}
		if c.in {
			all = append(all, [2]int{other, number})
		}
	}
	return all
}

// slowDisk has each sync of a machine take longer for a while.
func (r *run) slowDisk(_ context.Context, i injection) error {
	number := r.someMachine()
	r.strike()
	r.network.syncs.Delay(number, syncDelay)
	app.Pause(i.running, frozenLeast+i.Lasts)
	r.network.syncs.Delay(number, 0)
	return nil
}

// fillDisk has every write of a machine to a file fail for a while.
func (r *run) fillDisk(_ context.Context, i injection) (failed error) {
	number := r.someMachine()
	r.strike()
	limit := func(limited bool) {
		for part, pid := range r.machines()[number-1].Processes {
			if err := limitFiles(pid, limited); err != nil {
				failed = fmt.Errorf("fill or empty the disk of %s on machine %d: %w", part, number, err)
			}
		}
	}
	for began := time.Now(); time.Since(began) < frozenLeast+i.Lasts && app.Pause(i.running, limitEvery); {
		limit(true)
	}
	limit(false)
	return failed
}
