package simulation

import (
	"context"
	"sync"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// sidecar carries the calls of one life of a process to the actors.
type sidecar struct {
	of   *process
	name string // of its threads

	mu    sync.Mutex
	lines map[bank.AccountID]*thread // of the calls to an account's actor
}

func newSidecar(of *process, name string) *sidecar {
	return &sidecar{of: of, name: name, lines: make(map[bank.AccountID]*thread)}
}

// line is the thread of calls to one account's actor: a caller makes one call
// per account at a time.
func (s *sidecar) line(id bank.AccountID) *thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	th := s.lines[id]
	if th == nil {
		th = s.of.world.thread(s.name+" "+s.of.world.name(id), s.of)
		s.lines[id] = th
	}
	return th
}

// call gives an account's actor a turn.
func (s *sidecar) call(
	ctx context.Context,
	id bank.AccountID,
	batch contract.CommandBatch,
) (contract.CommandReply, error) {
	if s.of.dead.Load() {
		return contract.CommandReply{}, errCrashed
	}
	th := s.line(id)
	ctx, stop := s.of.serve(th.in(ctx))
	defer stop()
	deliver := func(ctx context.Context) (contract.CommandReply, error) {
		th := threadOf(ctx)
		if err := th.pass(ctx, wayMin, wayMax); err != nil {
			return contract.CommandReply{}, err
		}
		h := th.world.hostOf(th, id)
		if h == nil {
			return contract.CommandReply{}, errAway
		}
		return h.execute(ctx, id, batch)
	}
	switch {
	case th.suffers(callLost):
		return contract.CommandReply{}, th.lose(ctx)
	case th.suffers(callLate):
		th.world.later(th, 15*time.Second, func(ctx context.Context) {
			_, err := deliver(ctx)
			threadOf(ctx).note("a late call for %s was made: %v", threadOf(ctx).world.name(id), err)
		})
		return contract.CommandReply{}, th.lose(ctx)
	}
	reply, err := deliver(ctx)
	if err == nil && th.suffers(callAnswerLost) {
		err = errLost
	}
	if err == nil {
		err = th.pass(ctx, wayMin, wayMax)
	}
	return reply, err
}
