package simulation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"corebank/check/laws"
	"corebank/eventsource"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/app"
	"corebank/internal/lease"
)

// member is one life of an event source on one of several machines. It stands by until it has the lease.
type member struct {
	cluster *cluster
	machine *machine
	lease   *lease.Lease
	works   atomic.Pointer[working] // nil while it stands by
	ticket  *ticket
}

// writer is that of one that works; nil for others.
func (m *member) writer() *eventsource.Writer {
	if working := m.works.Load(); working != nil {
		return working.writer
	}
	return nil
}

// Sure is what package lease has: it leads, and has not stood still since it said so. Its own way to see that does not
// stand still with a process here.
func (m *member) Sure() bool {
	return m.lease.Sure() && m.ticket.renewed.Load() >= m.ticket.of.stood.Load()
}

// working is what a member does that leads.
type working struct {
	api    *eventsource.API
	writer *eventsource.Writer
	own    *eventsource.Ownership

	mu    sync.Mutex
	over  bool
	calls sync.WaitGroup
}

// enter begins a call, unless all is over; calls.Done ends it.
func (w *working) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.calls.Add(1)
	}
	return !w.over
}

// end waits for the calls under way, after which none begins.
func (w *working) end() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.calls.Wait()
}

// mayAnswer is what package eventsource has: it leads, and has taken the log over.
func (w *working) mayAnswer(m *member) bool {
	state := w.writer.Ready()
	return m.Sure() && (state.Ready || state.ReadOnly)
}

// startMember starts an event source on a machine.
func (c *cluster) startMember(m *machine) {
	w := c.world
	w.mu.Lock()
	name := fmt.Sprintf("source %d on %s", len(w.sources)+1, m.name())
	w.mu.Unlock()
	s := &source{disk: w.disks[0], ended: make(chan struct{}), member: &member{cluster: c, machine: m}}
	s.process = w.process(name, func() { c.restartMember(m) })
	th := w.thread(name, s.process)
	s.run(th, func(ctx context.Context) { s.runMember(ctx, th) })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources = append(w.sources, s)
}

// restartMember starts it again, as soon as the machine is up.
func (c *cluster) restartMember(m *machine) {
	m.mu.Lock()
	down, th := m.down, c.world.thread(fmt.Sprintf("source on %s at %s", m.name(), c.world.now()), nil)
	m.mu.Unlock()
	if rest := down - c.world.now(); rest > 0 {
		_ = c.world.endure(c.world.ctx, th, rest)
	}
	if c.world.ctx.Err() == nil {
		c.startMember(m)
	}
}

// runMember waits for the lease and works while it has it. One that has lost it ends its process.
func (s *source) runMember(ctx context.Context, th *thread) {
	defer close(s.ended)
	if s.world.sleep(ctx, th.between(0, 100*time.Millisecond)) != nil {
		return
	}
	c, m := s.member.cluster, s.member.machine
	s.member.ticket = &ticket{board: c.lease, cluster: c, of: s.process, at: m.number,
		th: s.world.thread(s.name+" lease", s.process)}
	s.member.lease = lease.New(between(s.world.parts.Lease, lease.Store(s.member.ticket)), s.name, quiet)
	s.err = s.member.lease.Run(ctx, s.lead)
	s.world.note(s.name, "ends: %v", ending(s.err))
	if s.err == nil { // it died
		return
	}
	if !errors.Is(s.err, storage.ErrFenced) && !errors.Is(s.err, lease.ErrLost) {
		s.world.violated(laws.Fenced, "%s ended with %v, which is not for being fenced", s.name, s.err)
	}
	th.alone()
	s.crash()
}

// ending is an error for the trace, which does not have the names of processes that were made by chance.
func ending(err error) error {
	for _, known := range []error{storage.ErrFenced, lease.ErrLost} {
		if errors.Is(err, known) {
			return known
		}
	}
	return err
}

// lead writes the log, publishes from it and looks after the machines until ctx ends.
func (s *source) lead(ctx context.Context) error {
	w, c, m := s.world, s.member.cluster, s.member.machine
	w.note(s.name, "leads")
	config := c.config(s.process, m.number)
	config.StateDir = filepath.Join(c.files, fmt.Sprintf("%d-%d", m.number, m.disks))
	config.Network = between(w.parts.Network, config.Network)
	config.Machines = immudb.NewMachines(config, quiet)
	log := immudb.NewLog(config)
	outbox := press{w.topic}
	stored := above(w.parts.Storage, storage.Log(log), eventsource.Publisher(outbox))
	writer := eventsource.NewWriter(stored, quiet)
	log.OnMoved(writer.TakeOverAgain)
	relay := eventsource.NewRelay(stored, writer, outbox, quiet)
	group, ctx := errgroup.WithContext(ctx)
	do := func(what string, run func(context.Context) error) {
		th := s.another(s.name + " " + what)
		group.Go(func() error { return run(th.in(ctx)) })
	}
	do("tends", config.Machines.Tend)
	do("writes", writer.Run)
	do("relays", relay.Run)
	works := &working{api: eventsource.NewAPI(writer, stored, relay.Published), writer: writer,
		own: eventsource.NewOwnership(log, s.member.lease)}
	s.member.works.Store(works)
	c.leads(s)
	defer s.member.works.Store(nil)
	// What is open is closed when the process has ended, and so its calls.
	w.running.Go(func() {
		<-s.ctx.Done()
		works.end()
		_ = group.Wait() // it has its own error
		_ = log.Close(context.WithoutCancel(ctx))
	})
	return group.Wait()
}

// leads notes that an event source began to lead last.
func (c *cluster) leads(s *source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = s
}

// answers reports whether what it reads is not from before another one took the log over.
func (s *source) answers(ctx context.Context) bool {
	if s.member == nil || s.world.parts.Unasked {
		return true
	}
	working := s.member.works.Load()
	return working != nil && working.mayAnswer(s.member) && working.own.Shown(ctx)
}

// serves is the API of an event source that may answer now; leave follows the call.
func (s *source) serves() (api *eventsource.API, leave func(), err error) {
	if s.member == nil {
		return s.api, func() {}, nil
	}
	working := s.member.works.Load()
	if working == nil {
		return nil, nil, app.ErrStandsBy
	}
	if !s.world.parts.Unasked && !working.mayAnswer(s.member) {
		return nil, nil, app.ErrStandsBy
	}
	if !working.enter() {
		return nil, nil, errCrashed
	}
	return working.api, working.calls.Done, nil
}
