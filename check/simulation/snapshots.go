package simulation

import (
	"bytes"
	"context"
	"sync"
	"time"

	"corebank/actor"
	"corebank/internal/bank"
)

// snapshotStore is the state store with the snapshots. It keeps every one, so that it can hand out an old one.
type snapshotStore struct {
	mu    sync.Mutex
	saved map[bank.AccountID][][]byte
}

var _ actor.Snapshots = (*snapshotStore)(nil)

func (s *snapshotStore) Save(ctx context.Context, id bank.AccountID, data []byte) error {
	th := threadOf(ctx)
	h := hazards{before: crashBeforeSave, lost: snapshotUnsaved, after: crashAfterSave}
	return th.durably(ctx, 20*time.Millisecond, h, func() error {
		s.mu.Lock()
		s.saved[id] = append(s.saved[id], data)
		s.mu.Unlock()
		th.note("saves snapshot %d of %s", len(s.all(id)), th.world.name(string(id)))
		return nil
	})
}

func (s *snapshotStore) all(id bank.AccountID) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saved[id]
}

func (s *snapshotStore) Load(ctx context.Context, id bank.AccountID) (data []byte, err error) {
	th := threadOf(ctx).beside("loads " + string(id))
	ctx = th.in(ctx)
	h := hazards{before: crashBeforeLoad, lost: snapshotUnread, after: crashAfterLoad}
	err = th.durably(ctx, wayMax, h, func() error {
		saved := s.all(id)
		if len(saved) == 0 || th.suffers(snapshotMissing) {
			return nil
		}
		data = saved[len(saved)-1]
		if th.suffers(snapshotStale) {
			data = saved[th.IntN(len(saved))]
		} else if th.suffers(snapshotDamaged) {
			data = damaged(th, data)
		}
		return nil
	})
	return data, err
}

// damaged is data as a bad disk gives it back: cut off, with a bit turned, or, worst of all, well-formed with
// another digit.
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
