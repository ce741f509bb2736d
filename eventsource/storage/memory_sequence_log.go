package storage

import (
	"context"
	"slices"
)

// MemorySequenceLog is a sequence log for tests that lives as long as the process. Open gives each competing sequencer
// a SequenceLog of its own.
type MemorySequenceLog struct {
	memory
	cuts []Cut
}

// NewMemorySequenceLog makes an empty sequence log.
func NewMemorySequenceLog() *MemorySequenceLog { return &MemorySequenceLog{memory: newMemory()} }

// Head is how many cuts there are.
func (l *MemorySequenceLog) Head() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.cuts)
}

// Restore replaces the sequence log by an earlier copy of itself, with so many cuts. This fences the sequencer that has
// it.
func (l *MemorySequenceLog) Restore(cuts int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	l.cuts = l.cuts[:cuts:cuts]
	l.checkpoint = min(l.checkpoint, l.last().Last())
}

// Open is one sequencer's access to the sequence log.
func (l *MemorySequenceLog) Open() SequenceLog {
	return &memorySequenceLog{memoryAccess: memoryAccess{memory: &l.memory}, log: l}
}

type memorySequenceLog struct {
	memoryAccess
	log *MemorySequenceLog
}

func (s *memorySequenceLog) Acquire(context.Context) (Cut, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if err := s.raiseEpoch(); err != nil {
		return Cut{}, err
	}
	return s.log.last(), nil
}

func (l *MemorySequenceLog) last() Cut {
	if len(l.cuts) == 0 {
		return Cut{}
	}
	return l.cuts[len(l.cuts)-1]
}

func (s *memorySequenceLog) Add(_ context.Context, cuts ...Cut) error {
	return s.fenced(func() error { s.log.cuts = append(s.log.cuts, cuts...); return nil })
}

func (s *memorySequenceLog) LastCut(context.Context) (Cut, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.last(), nil
}

func (s *memorySequenceLog) Cuts(_ context.Context, first int64, limit int) ([]Cut, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if first > int64(len(s.log.cuts)) {
		return nil, nil
	}
	rest := s.log.cuts[first-1:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}
