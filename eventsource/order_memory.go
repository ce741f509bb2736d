package eventsource

import (
	"context"
	"slices"
	"sync"

	"corebank/internal/contract"
)

// MemoryOrder is an order that lives as long as the process, for tests. Open
// gives each competing sequencer an OrderLog of its own.
type MemoryOrder struct {
	mu         sync.Mutex
	rounds     []Round
	epoch      int64
	checkpoint int64
	audit      *contract.Audit
}

// NewMemoryOrder makes an empty order.
func NewMemoryOrder() *MemoryOrder { return &MemoryOrder{} }

// Open is one sequencer's access to the order.
func (o *MemoryOrder) Open() OrderLog { return &memoryOrder{order: o} }

type memoryOrder struct {
	order *MemoryOrder
	epoch int64 // of this sequencer; 0 before the first Acquire
}

func (s *memoryOrder) Acquire(context.Context) (Round, error) {
	s.order.mu.Lock()
	defer s.order.mu.Unlock()
	if s.epoch != 0 && s.epoch != s.order.epoch {
		return Round{}, ErrFenced
	}
	s.order.epoch++
	s.epoch = s.order.epoch
	return s.order.last(), nil
}

func (o *MemoryOrder) last() Round {
	if len(o.rounds) == 0 {
		return Round{}
	}
	return o.rounds[len(o.rounds)-1]
}

// ours runs a change while nobody has taken the order over.
func (s *memoryOrder) ours(change func()) error {
	s.order.mu.Lock()
	defer s.order.mu.Unlock()
	if s.epoch != s.order.epoch {
		return ErrFenced
	}
	change()
	return nil
}

func (s *memoryOrder) Add(_ context.Context, rounds ...Round) error {
	return s.ours(func() { s.order.rounds = append(s.order.rounds, rounds...) })
}

func (s *memoryOrder) LastRound(context.Context) (Round, error) {
	s.order.mu.Lock()
	defer s.order.mu.Unlock()
	return s.order.last(), nil
}

func (s *memoryOrder) Rounds(_ context.Context, first int64, limit int) ([]Round, error) {
	s.order.mu.Lock()
	defer s.order.mu.Unlock()
	if first > int64(len(s.order.rounds)) {
		return nil, nil
	}
	rest := s.order.rounds[first-1:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (s *memoryOrder) CheckOurs(context.Context) error { return s.ours(func() {}) }

func (s *memoryOrder) Checkpoint(context.Context) (int64, error) {
	s.order.mu.Lock()
	defer s.order.mu.Unlock()
	return s.order.checkpoint, nil
}

func (s *memoryOrder) SaveCheckpoint(_ context.Context, position int64) error {
	return s.ours(func() { s.order.checkpoint = position })
}

func (s *memoryOrder) LastAudit(context.Context) (*contract.Audit, error) {
	s.order.mu.Lock()
	defer s.order.mu.Unlock()
	return s.order.audit, nil
}

func (s *memoryOrder) SaveAudit(_ context.Context, audit contract.Audit) error {
	s.order.mu.Lock()
	defer s.order.mu.Unlock()
	s.order.audit = &audit
	return nil
}

func (s *memoryOrder) Close(context.Context) error { return nil }
