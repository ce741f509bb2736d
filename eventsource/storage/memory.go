package storage

import (
	"context"
	"crypto/rand"
	"sync"

	"corebank/internal/contract"
)

// memory is what a MemoryLog and a MemorySequenceLog have in common.
type memory struct {
	id         string
	mu         sync.Mutex
	epoch      int64
	checkpoint int64
	audit      *contract.Audit
}

func newMemory() memory { return memory{id: rand.Text()} }

// memoryAccess is one event source's access to a memory.
type memoryAccess struct {
	memory *memory
	epoch  int64 // of this event source; 0 before the first Acquire
}

// Epoch is the number of this event source as a writer; 0 before the first Acquire.
func (s *memoryAccess) Epoch() int64 {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	return s.epoch
}

// raiseEpoch fences all others, unless another has fenced this one. The caller holds the lock.
func (s *memoryAccess) raiseEpoch() error {
	if s.epoch != 0 && s.epoch != s.memory.epoch {
		return ErrFenced
	}
	s.memory.epoch++
	s.epoch = s.memory.epoch
	return nil
}

// fenced makes a change unless another event source has taken over.
func (s *memoryAccess) fenced(change func() error) error {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if s.epoch != s.memory.epoch {
		return ErrFenced
	}
	return change()
}

func (s *memoryAccess) CheckOurs(context.Context) error { return s.fenced(func() error { return nil }) }

func (s *memoryAccess) Checkpoint(context.Context) (int64, error) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	return s.memory.checkpoint, nil
}

func (s *memoryAccess) SaveCheckpoint(_ context.Context, position int64) error {
	return s.fenced(func() error { s.memory.checkpoint = position; return nil })
}

func (s *memoryAccess) LastAudit(context.Context) (*contract.Audit, error) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	return s.memory.audit, nil
}

func (s *memoryAccess) SaveAudit(_ context.Context, audit contract.Audit) error {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.memory.audit = &audit
	return nil
}

func (s *memoryAccess) LogID(context.Context) (string, error) { return s.memory.id, nil }

func (s *memoryAccess) Close(context.Context) error { return nil }
