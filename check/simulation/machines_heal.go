package simulation

import (
	"fmt"
	"slices"
	"time"

	"corebank/check/laws"
	"corebank/internal/contract"
)

// memoryFiles is where the files of a run are: in memory, if there is such a directory.
const memoryFiles = "/dev/shm"

// formatMachines makes the machines of the log, which has one partition.
func (w *world) formatMachines(files string) {
	dice := w.thread("machines", nil)
	d := &disk{world: w}
	w.disks = []*disk{d}
	w.cluster = newCluster(w, files)
	d.cluster = w.cluster
	w.weather.overcast(dice.Rand)
}

// reach is the event source that a call gets to: mostly the one that began to lead last, and none that is cut off from
// its clients.
func (c *cluster) reach(live []*source, astray bool, other float64) *source {
	if len(live) == 0 {
		return nil
	}
	to := live[int(other*float64(len(live)))]
	c.mu.Lock()
	defer c.mu.Unlock()
	healed := c.world.healed.Load()
	if (!astray || healed) && slices.Contains(live, c.leader) {
		to = c.leader
	}
	if c.clients[to.member.machine.number] > c.world.now() && !healed {
		return nil
	}
	return to
}

// readAll reads the log past all the bank's own parts: what the primary has committed.
func (c *cluster) readAll(after int64, limit int) ([]contract.Record, error) {
	primary := c.primary()
	if primary == nil {
		return nil, fmt.Errorf("there is no primary")
	}
	records := primary.records()
	records = records[min(after, int64(len(records))):]
	return records[:min(limit, len(records))], nil
}

// machinesHealTime is how long healed machines may take: the next attempt of a replica to copy may be a while away, and
// one that is empty copies a few transactions a second.
const machinesHealTime = 5 * time.Minute

// heal waits until everything works again: one event source leads, and every machine has the whole log.
func (c *cluster) heal() {
	w := c.world
	w.until("all machines to be back", machinesHealTime, func() bool {
		return !slices.ContainsFunc(c.machines, func(m *machine) bool { server, _ := m.life(); return server.dead.Load() })
	})
	w.until("one event source that works", machinesHealTime, func() bool {
		return len(w.liveSources()) == len(c.machines) && len(c.working()) == 1
	})
	// That a machine is none any more that takes commits is noticed only when something is written.
	th := w.thread("auditor of machines", nil)
	w.until("a request to be answered", machinesHealTime, func() bool {
		return w.ask(th, w.auditor.opening(), machinesHealTime).Settled()
	})
	w.until("all machines to have the same log", machinesHealTime, c.settled)
}

// working are the event sources that may answer.
func (c *cluster) working() []*source {
	return slices.DeleteFunc(c.world.liveSources(), func(s *source) bool {
		works := s.member.works.Load()
		return works == nil || !works.mayAnswer(s.member) || !works.writer.Ready().Ready
	})
}

// check checks what only machines promise.
func (c *cluster) check() {
	if !c.world.until("all machines to have the same log", machinesHealTime, c.settled) {
		for _, m := range c.machines {
			c.world.violated(laws.Copied, "%s has %+v", m.name(), m.state())
		}
	}
}
