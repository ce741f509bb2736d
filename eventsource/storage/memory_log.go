package storage

import (
	"context"
	"errors"
	"slices"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// MemoryLog is a log for tests that lives as long as the process. It promises what immudb does, except to survive. Open
// gives each competing event source a Log of its own.
type MemoryLog struct {
	memory
	records []contract.Record
	streams map[bank.AccountID][]int // indexes of records, by version-1
}

// NewMemoryLog makes an empty log.
func NewMemoryLog() *MemoryLog {
	return &MemoryLog{memory: newMemory(), streams: make(map[bank.AccountID][]int)}
}

// Head is the last position of the log.
func (l *MemoryLog) Head() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.records))
}

// Restore replaces the log by an earlier copy of itself, which ends at a position. As with a log on disk, this fences
// the event source that has it.
func (l *MemoryLog) Restore(position int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	l.records, l.checkpoint = l.records[:position:position], min(l.checkpoint, position)
	for id, stream := range l.streams {
		n, _ := slices.BinarySearch(stream, int(position))
		l.streams[id] = stream[:n:n]
	}
}

// Open is one event source's access to the log.
func (l *MemoryLog) Open() Log {
	return &memoryLog{memoryAccess: memoryAccess{memory: &l.memory}, log: l}
}

type memoryLog struct {
	memoryAccess
	log *MemoryLog
}

func (s *memoryLog) Acquire(context.Context) (int64, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if err := s.raiseEpoch(); err != nil {
		return 0, err
	}
	return int64(len(s.log.records)), nil
}

func (s *memoryLog) Commit(_ context.Context, records []contract.Record, assumed Heads) error {
	return s.fenced(func() error {
		for id, version := range assumed {
			if int64(len(s.log.streams[id])) != version {
				return ErrHeadMoved
			}
		}
		for _, r := range records {
			s.log.streams[r.Account] = append(s.log.streams[r.Account], len(s.log.records))
			s.log.records = append(s.log.records, r)
		}
		return nil
	})
}

func (s *memoryLog) StreamVersion(_ context.Context, id bank.AccountID) (int64, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return int64(len(s.log.streams[id])), nil
}

func (s *memoryLog) ReadStream(
	_ context.Context, id bank.AccountID, after int64, limit int,
) ([]contract.Record, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	indexes := s.log.streams[id]
	if after >= int64(len(indexes)) {
		return nil, nil
	}
	indexes = indexes[after:]
	records := make([]contract.Record, 0, min(limit, len(indexes)))
	for _, i := range indexes[:min(limit, len(indexes))] {
		records = append(records, s.log.records[i])
	}
	return records, nil
}

func (s *memoryLog) ReadAll(_ context.Context, after int64, limit int) ([]contract.Record, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if after >= int64(len(s.log.records)) {
		return nil, nil
	}
	rest := s.log.records[after:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (s *memoryLog) FindKeys(_ context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	var found []contract.Record
	for _, i := range s.log.streams[id] {
		if r := s.log.records[i]; slices.Contains(keys, r.Key) {
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *memoryLog) MayRepeat(_ context.Context, appends []contract.Append) ([]bool, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.epoch == 0 {
		return nil, errors.New("this event source has not taken the log over yet")
	}
	repeats := make([]bool, len(appends))
	for n, a := range appends {
		repeats[n] = slices.ContainsFunc(s.log.streams[a.Account], func(i int) bool {
			return carries(a, s.log.records[i].Key)
		})
	}
	return repeats, nil
}

func carries(a contract.Append, key string) bool {
	return slices.ContainsFunc(a.Records, func(r contract.Record) bool { return r.Key == key })
}
