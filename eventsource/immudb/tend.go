package immudb

import (
	"context"
	"fmt"
	"time"

	"corebank/eventsource/copies"
	"corebank/internal/app"
)

// Times of looking after the machines.
const (
	probeEvery   = 500 * time.Millisecond
	probeTimeout = time.Second
	// lostAfter is how long the primary may not answer before another machine takes over. A server that only crashed is
	// started again by then.
	lostAfter = 3 * time.Second
	// tendEvery is how often all machines are asked what they have.
	tendEvery    = 5 * time.Second
	tendTimeout  = 30 * time.Second
	retryTending = time.Second
)

// onLeave calls a function when another machine takes over.
func (m *Machines) onLeave(leave func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leave = append(m.leave, leave)
}

// Tend looks after the machines until ctx ends: if the primary is lost, it lets another one take over; a machine that
// returns, or is new and empty, gets a copy; and a replica that has stopped to copy begins again. Only the holder of a
// lease may do that.
func (m *Machines) Tend(ctx context.Context) error {
	var tended time.Time
	answered := time.Now() // when the primary last did, or this began
	var stuck copies.Machine
	for app.Pause(ctx, probeEvery) {
		m.mu.Lock()
		primary := m.primary
		m.mu.Unlock()
		switch now := time.Now(); {
		case primary != "" && m.config.probe(ctx, primary) == nil:
			answered = time.Now()
		case now.Sub(answered) >= lostAfter:
			if err := m.replacePrimary(ctx, primary); err != nil {
				m.log.Error("no machine can take over from the primary", "primary", primary, "error", err)
				app.Pause(ctx, retryTending)
				continue
			}
			answered = time.Now()
		}
		if primary != "" && time.Since(tended) >= tendEvery && time.Since(answered) < probeEvery {
			stuck = m.tend(ctx, stuck)
			tended = time.Now()
			answered = tended // it was not asked meanwhile
		}
	}
	return nil
}

// replacePrimary lets another machine take over.
func (m *Machines) replacePrimary(ctx context.Context, lost string) error {
	m.log.Error("the primary does not answer, another machine takes over", "primary", lost, "for", lostAfter)
	m.mu.Lock() // from before the sessions are cut: none begins with the lost machine
	defer m.mu.Unlock()
	return m.replace(ctx, lost)
}

func (m *Machines) replace(ctx context.Context, lost string) error {
	began := time.Now()
	m.primary = ""
	for _, cut := range m.leave {
		cut()
	}
	err := m.failover(ctx, copies.Wish{}, false, func(step string) { m.log.Info("failover", "step", step) })
	if err == nil {
		m.log.Warn("another machine has taken over", "lost", lost, "primary", m.primary, "took", time.Since(began))
	}
	return err
}

// tend asks all machines what they have and mends what it finds. It returns the primary if it waits for replicas, and
// takes what it returned the last time.
func (m *Machines) tend(ctx context.Context, stuck copies.Machine) copies.Machine {
	ctx, cancel := context.WithTimeout(ctx, tendTimeout)
	defer cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	observed := m.config.Observe(ctx)
	plan, err := copies.Decide(observed, copies.Wish{Copies: m.config.Copies})
	if err != nil || !plan.Keep {
		m.note(observed, "")
		m.log.Warn("the machines with copies of the log are not as they should be",
			"machines", copies.Describe(observed), "error", err)
		again := m.unsettled
		m.unsettled = err == nil && m.primary != "" && chosen(observed, m.primary).Fault == ""
		if again && m.unsettled { // the primary answers and is none any more, and no failover has ended meanwhile
			if err := m.replace(ctx, m.primary); err != nil {
				m.log.Error("no machine can take over", "error", err)
			}
		}
		return copies.Machine{}
	}
	m.unsettled = false
	m.primary = plan.Primary
	m.note(observed, plan.Primary)
	if err := m.lookAfter(ctx, plan, observed); err != nil {
		m.log.Error("machines have no copy of the log", "error", err)
	}
	primary := chosen(observed, plan.Primary)
	if primary.Has == primary.Committed {
		return copies.Machine{}
	}
	if stuck.Address == primary.Address && stuck.Committed == primary.Committed {
		m.followAgain(ctx, observed, primary)
	}
	return primary
}

// followAgain makes the replicas connect to the primary again. immudb 1.11.1 pauses longer after each failure, up to
// two minutes, so a primary that was away and answers again would wait as long for the first copy.
func (m *Machines) followAgain(ctx context.Context, observed []copies.Machine, primary copies.Machine) {
	m.log.Warn(fmt.Sprintf("commits wait for a copy on %d machines: replicas connect again", m.config.Copies-1),
		"primary", primary.Address, "waiting", primary.Has-primary.Committed)
	if primary.Strands(observed) {
		if err := m.config.promote(ctx, primary, observed); err != nil {
			m.log.Error("the primary does not commit what another machine has committed", "primary", primary.Address,
				"error", err)
		}
	}
	for _, machine := range observed {
		if machine.Fault != "" || machine.Address == primary.Address ||
			machine.Has >= primary.Has && machine.Committed <= primary.Committed {
			continue
		}
		if err := m.config.follow(ctx, machine.Address, primary.Address); err != nil {
			m.log.Warn("a replica does not connect again", "machine", machine.Address, "error", err)
		}
	}
}
