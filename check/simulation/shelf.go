package simulation

import (
	"bytes"
	"context"
	"sync"
	"time"

	"corebank/actor"
	"corebank/internal/bank"
)

// shelf is the state store with the snapshots. It keeps every one, so that it
// can hand out an old one.
type shelf struct {
	mu   sync.Mutex
	kept map[bank.AccountID][][]byte
}

var _ actor.Snapshots = (*shelf)(nil)

// Save implements actor.Snapshots.
func (s *shelf) Save(ctx context.Context, id bank.AccountID, data []byte) error {
	th := threadOf(ctx)
	if err := th.pass(ctx, time.Millisecond, 20*time.Millisecond); err != nil {
		return err
	}
	if err := th.point(crashBeforeSave); err != nil {
		return err
	}
	if th.suffers(snapshotUnsaved) {
		return errLost
	}
	s.mu.Lock()
	s.kept[id] = append(s.kept[id], data)
	s.mu.Unlock()
	th.note("keeps snapshot %d of %s", len(s.all(id)), th.world.name(id))
	return th.point(crashAfterSave)
}

func (s *shelf) all(id bank.AccountID) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[id]
}

// Load implements actor.Snapshots.
func (s *shelf) Load(ctx context.Context, id bank.AccountID) ([]byte, error) {
	th := threadOf(ctx)
	if err := th.pass(ctx, wayMin, wayMax); err != nil {
		return nil, err
	}
	if err := th.point(crashBeforeLoad); err != nil {
		return nil, err
	}
	kept := s.all(id)
	if len(kept) == 0 {
		return nil, nil
	}
	data := kept[len(kept)-1]
	switch {
	case th.suffers(snapshotUnread):
		return nil, errLost
	case th.suffers(snapshotMissing):
		return nil, nil
	case th.suffers(snapshotStale):
		data = kept[th.IntN(len(kept))]
	case th.suffers(snapshotDamaged):
		data = damaged(th, data)
	}
	return data, th.point(crashAfterLoad)
}

// damaged is data as a bad disk gives it back: cut off, with a bit turned, or,
// worst of all, well-formed with another digit.
func damaged(th *thread, data []byte) []byte {
	data = bytes.Clone(data)
	at := th.IntN(len(data))
	switch th.IntN(3) {
	case 0:
		return data[:at]
	case 1:
		data[at] ^= 1 << th.IntN(8)
		return data
	}
	digits := []byte("0123456789")
	if i := bytes.Index(data, []byte(`"minor":`)); i >= 0 {
		data[i+len(`"minor":`)] = digits[1+th.IntN(9)]
	}
	return data
}
