package simulation

import (
	"context"

	immuclient "github.com/codenotary/immudb/pkg/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"corebank/check/simulation/immu"
)

// cable is the way of one process to the immudb servers of all machines.
type cable struct {
	cluster *cluster
	of      *process
	at      int // the machine that the process is on
}

var (
	errRefused      = status.Error(codes.Unavailable, "connection refused")
	errDisconnected = status.Error(codes.Unavailable, "the connection broke")
	errNoSession    = status.Error(codes.PermissionDenied, "no session found")
)

// Probe implements immudb.Network.
func (c cable) Probe(ctx context.Context, address string) error {
	return c.call(ctx, c.cluster.at(address), nil, func(context.Context, *thread, *immu.Server) error { return nil })
}

// Login implements immudb.Network.
func (c cable) Login(ctx context.Context, address, _, _, database string) (
	immuclient.ImmuClient, func() error, error) {
	s := &session{cable: c, to: c.cluster.at(address), database: database}
	s.ended, s.end = context.WithCancel(c.cluster.world.ctx)
	err := c.call(ctx, s.to, nil, func(_ context.Context, _ *thread, disk *immu.Server) error {
		s.life, _ = s.to.life()
		_, err := disk.Database(database)
		return err
	})
	if err != nil {
		s.end()
		return nil, nil, err
	}
	return s, s.cut, nil
}

// call makes a call to a machine's server, in one life of it if that is given.
func (c cable) call(ctx context.Context, m *machine, life *process,
	do func(context.Context, *thread, *immu.Server) error) error {
	th := threadOf(ctx).towards(m.name())
	err := c.carry(ctx, th, m, life, do)
	if ctx.Err() != nil && err != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	return err
}

func (c cable) carry(ctx context.Context, th *thread, m *machine, life *process,
	do func(context.Context, *thread, *immu.Server) error) error {
	if err := c.of.thaw(ctx, th); err != nil {
		return err
	}
	if err := c.cluster.way(ctx, th, c.at, m.number); err != nil {
		return err
	}
	server, disk := m.life()
	if server.dead.Load() {
		return errRefused
	}
	if life != nil && server != life {
		return errNoSession
	}
	if err := server.thaw(ctx, th); err != nil {
		return errDisconnected
	}
	if err := do(ctx, th, disk); err != nil {
		return err
	}
	if err := server.thaw(ctx, th); err != nil {
		return errDisconnected
	}
	if err := c.cluster.way(ctx, th, m.number, c.at); err != nil {
		return err
	}
	return c.of.thaw(ctx, th)
}

// towards is a thread for what this one asks of a machine: it may ask several at the same time.
func (t *thread) towards(machine string) *thread {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ways == nil {
		t.ways = make(map[string]*thread)
	}
	if t.ways[machine] == nil {
		t.ways[machine] = t.world.thread(t.name+" to "+machine, nil)
	}
	return t.ways[machine]
}
