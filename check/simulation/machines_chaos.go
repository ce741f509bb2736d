package simulation

import (
	"context"
	"math/rand/v2"
	"time"

	"corebank/check/simulation/immu"
	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
)

// overcast chooses the weather of machines, and clears that of a log on one disk.
func (w weather) overcast(dice *rand.Rand) {
	for _, f := range []fault{sourceTwice, diskAway, logPutBack} {
		delete(w, f)
	}
	w.choose(dice, leaseFaults, 0.5, 0.02, 0.2)
	w.choose(dice, machineEvents, 0.5, 0.2, 1)
}

// disturb lets an event happen to the machines, or none.
func (c *cluster) disturb(ctx context.Context) {
	th := c.world.thread("machines' weather at "+c.world.now().String(), nil)
	luck := th.Float64() * float64(len(machineEvents)) / 3
	for _, e := range machineEvents {
		if luck -= c.world.rate(e); luck < 0 {
			if c.happen(ctx, th, e) {
				c.world.count(e)
			}
			return
		}
	}
}

// happen lets an event happen, if it may.
func (c *cluster) happen(ctx context.Context, th *thread, e fault) bool {
	m := c.machines[th.IntN(len(c.machines))]
	other := c.machines[(m.number+1+th.IntN(len(c.machines)-1))%len(c.machines)]
	short, long := th.between(50*time.Millisecond, 3*time.Second), th.between(50*time.Millisecond, 15*time.Second)
	if th.IntN(3) == 0 {
		short = long
	}
	if e == machineLost && !c.mayLose(m) {
		return false
	}
	th.note("%s: %s, %s", e, m.name(), short)
	switch e {
	case machineKilled:
		m.kill(th, short)
	case serverKilled:
		m.killServer(th, short)
	case machineLost:
		m.lose(th, short)
	case machineFrozen:
		m.freeze(long)
	case machinesTwo:
		m.kill(th, short)
		other.kill(th, short)
	case machineSlow:
		m.slowDown(long)
	case machineCut:
		for i := range c.machines {
			c.cut(m.number, i, long)
			c.cut(i, m.number, long)
		}
	case machineCutOneway:
		c.cut(m.number, other.number, long)
	case machineUnheard:
		c.silence(m, long)
	case brokerElects:
		c.lease.goAway(long)
	case failedOver:
		c.world.running.Go(func() { c.failOver(th.in(ctx), m, other) })
	}
	return true
}

// mayLose reports whether the disk of a machine may be lost: an operator loses one only if every other machine has
// everything that was acknowledged, counts for a failover, and has the same log.
func (c *cluster) mayLose(lost *machine) bool {
	for _, m := range c.machines {
		if m == lost {
			continue
		}
		if !c.hasAll(m) || !c.isMember(m) {
			return false
		}
		for _, other := range c.machines {
			if other != lost && !agree(m.log(), other.log()) {
				return false
			}
		}
	}
	return true
}

// agree reports whether one log begins with the other.
func agree(x, y *immu.Database) bool {
	if x == nil || y == nil {
		return true
	}
	one, other := x.State(), y.State()
	return x.Has(other.Has, other.Hash) || y.Has(one.Has, one.Hash)
}

// isMember reports whether a machine's disk is a member of the log for all the others.
func (c *cluster) isMember(m *machine) bool {
	_, disk := m.life()
	for _, other := range c.machines {
		d := other.log()
		if d == nil {
			continue
		}
		if members, err := immudb.Members(d.Get); err != nil || members.Known() && !members.Names(disk.ID) {
			return false
		}
	}
	return true
}

// hasAll reports whether a machine has everything that was acknowledged.
func (c *cluster) hasAll(m *machine) bool {
	c.mu.Lock()
	newest := c.newest
	c.mu.Unlock()
	d := m.log()
	return newest.tx == 0 || d != nil && d.Has(newest.tx, newest.hash)
}

// kill ends all processes on a machine, which stays down for a while.
func (m *machine) kill(th *thread, down time.Duration) {
	m.killServer(th, down)
	for _, s := range m.world.liveSources() {
		if s.member.machine == m {
			th.alone()
			s.crash()
		}
	}
}

// killServer ends its immudb server.
func (m *machine) killServer(th *thread, down time.Duration) {
	m.mu.Lock()
	m.down = m.world.now() + down
	m.mu.Unlock()
	server, _ := m.life()
	th.alone()
	server.crash()
}

// lose kills a machine and replaces it by an empty one.
func (m *machine) lose(th *thread, down time.Duration) {
	m.kill(th, down)
	m.format()
}

// freeze stops everything on it.
func (m *machine) freeze(d time.Duration) {
	server, _ := m.life()
	server.freeze(d)
	for _, s := range m.world.liveSources() {
		if s.member.machine == m {
			s.freeze(d)
		}
	}
}

// slowDown makes its disk slow.
func (m *machine) slowDown(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slow = m.world.now() + d
}

// silence cuts the event source on a machine off from its clients.
func (c *cluster) silence(m *machine, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients[m.number] = c.world.now() + d
}

// failOver is "corebank failover" on some machine, for any primary or for one.
func (c *cluster) failOver(ctx context.Context, on, to *machine) {
	th := threadOf(ctx)
	operator := c.world.process("operator at "+c.world.now().String(), func() {})
	defer operator.die()
	wish := copies.Wish{}
	if th.IntN(2) == 0 {
		wish.To = to.address()
	}
	ctx, stop := operator.serve(ctx)
	defer stop()
	config := c.config(operator, on.number)
	config.Network = between(c.world.parts.Network, config.Network)
	err := immudb.NewMachines(config, quiet).Failover(ctx, wish, false, func(step string) { th.note("%s", step) })
	th.note("the operator's wish for %q: %v", wish.To, err)
}
