package eventsource

import (
	"context"
	"errors"
	"slices"
	"sync"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// MemoryLog is a log that lives as long as the process: the storage of tests,
// with the same promises as immudb's short of surviving. Open gives each
// competing event source a Storage of its own.
type MemoryLog struct {
	mu         sync.Mutex
	records    []contract.Record
	streams    map[bank.AccountID][]int // places in records by version-1
	epoch      int64
	checkpoint int64
	audit      *contract.Audit
}

// NewMemoryLog makes an empty log.
func NewMemoryLog() *MemoryLog {
	return &MemoryLog{streams: make(map[bank.AccountID][]int)}
}

// Open is one event source's access to the log.
func (l *MemoryLog) Open() Storage { return &memoryStorage{log: l} }

type memoryStorage struct {
	log   *MemoryLog
	epoch int64 // of this writer; 0 before the first Acquire
}

func (s *memoryStorage) Acquire(context.Context) (int64, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.epoch != 0 && s.epoch != s.log.epoch {
		return 0, ErrFenced
	}
	s.log.epoch++
	s.epoch = s.log.epoch
	return int64(len(s.log.records)), nil
}

func (s *memoryStorage) Commit(_ context.Context, records []contract.Record, assumed Heads) error {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.epoch != s.log.epoch {
		return ErrFenced
	}
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
}

func (s *memoryStorage) CheckOurs(context.Context) error {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.epoch != s.log.epoch {
		return ErrFenced
	}
	return nil
}

func (s *memoryStorage) StreamVersion(_ context.Context, id bank.AccountID) (int64, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return int64(len(s.log.streams[id])), nil
}

func (s *memoryStorage) ReadStream(_ context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	places := s.log.streams[id]
	if after >= int64(len(places)) {
		return nil, nil
	}
	places = places[after:]
	records := make([]contract.Record, 0, min(limit, len(places)))
	for _, place := range places[:min(limit, len(places))] {
		records = append(records, s.log.records[place])
	}
	return records, nil
}

func (s *memoryStorage) ReadAll(_ context.Context, after int64, limit int) ([]contract.Record, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if after >= int64(len(s.log.records)) {
		return nil, nil
	}
	rest := s.log.records[after:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (s *memoryStorage) FindKeys(_ context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	var found []contract.Record
	for _, place := range s.log.streams[id] {
		if r := s.log.records[place]; slices.Contains(keys, r.Key) {
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *memoryStorage) MayRepeat(_ context.Context, appends []contract.Append) ([]bool, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.epoch == 0 {
		return nil, errors.New("the log is not ours yet")
	}
	repeats := make([]bool, len(appends))
	for i, a := range appends {
		repeats[i] = slices.ContainsFunc(s.log.streams[a.Account], func(place int) bool { return carries(a, s.log.records[place].Key) })
	}
	return repeats, nil
}

func carries(a contract.Append, key string) bool {
	return slices.ContainsFunc(a.Records, func(r contract.Record) bool { return r.Key == key })
}

func (s *memoryStorage) Checkpoint(context.Context) (int64, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.checkpoint, nil
}

func (s *memoryStorage) SaveCheckpoint(_ context.Context, position int64) error {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.epoch != s.log.epoch {
		return ErrFenced
	}
	s.log.checkpoint = position
	return nil
}

func (s *memoryStorage) LastAudit(context.Context) (*contract.Audit, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.audit, nil
}

func (s *memoryStorage) SaveAudit(_ context.Context, audit contract.Audit) error {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.audit = &audit
	return nil
}

func (s *memoryStorage) Close(context.Context) error { return nil }
