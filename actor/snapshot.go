package actor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/metrics"
	"corebank/internal/seal"
)

// snapshotSchema is the version of the snapshot's shape. A snapshot of any other version is ignored.
const snapshotSchema = 4

// Bounds of saving snapshots.
const (
	snapshotQueue   = 64 // snapshots that wait; one more is dropped
	snapshotTimeout = 3 * time.Second
)

// Snapshots stores snapshots: a cache.
type Snapshots interface {
	// Load is what was saved for the account; nil for nothing.
	Load(ctx context.Context, id bank.AccountID) ([]byte, error)
	Save(ctx context.Context, id bank.AccountID, data []byte) error
}

// snapshot is an account at one version. It counts only if the actors of this bank have sealed it and the log has the
// record that it goes up to.
type snapshot struct {
	Schema int          `json:"schema"`
	State  bank.Account `json:"state"`
	// Mark is that of the record of the state's version.
	Mark   contract.Mark   `json:"mark"`
	Keys   []bank.KeyEntry `json:"keys"`
	Forgot bool            `json:"forgot"`
}

// snapshots writes snapshots behind the turns and reads them for new ones.
type snapshots struct {
	store Snapshots
	key   seal.Key
	queue chan snapshot
	count *metrics.Counters[snapshotResult]
}

func newSnapshots(store Snapshots, key seal.Key, count *metrics.Counters[snapshotResult]) *snapshots {
	return &snapshots{store: store, key: key, queue: make(chan snapshot, snapshotQueue), count: count}
}

// sealedAs is the name under which an account's snapshot is sealed.
func sealedAs(id bank.AccountID) string { return "snapshot of " + string(id) }

// enqueue queues a snapshot to be saved, or drops it when too many wait.
func (s *snapshots) enqueue(state bank.Account, mark contract.Mark, keys *bank.Keys) {
	entries, forgot := keys.Entries()
	select {
	case s.queue <- snapshot{Schema: snapshotSchema, State: state, Mark: mark, Keys: entries, Forgot: forgot}:
	default:
		s.count.Of(snapshotDropped).Inc()
	}
}

// run saves snapshots until ctx ends.
func (s *snapshots) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-s.queue:
			result := snapshotSaved
			if err := s.save(ctx, one); err != nil {
				result = snapshotFailed
				slog.Warn("snapshot not saved; the log has it all", "account", one.State.ID, "error", err)
			}
			s.count.Of(result).Inc()
		}
	}
}

func (s *snapshots) save(ctx context.Context, one snapshot) error {
	ctx, cancel := context.WithTimeout(ctx, snapshotTimeout)
	defer cancel()
	data, err := s.key.Seal(sealedAs(one.State.ID), one)
	if err != nil {
		return err
	}
	return s.store.Save(ctx, one.State.ID, data)
}

// load is the account's snapshot, if there is one that can be trusted. One that cannot be trusted is ignored, because
// the log has everything.
func (s *snapshots) load(ctx context.Context, id bank.AccountID) (snapshot, bool) {
	ctx, cancel := context.WithTimeout(ctx, snapshotTimeout)
	defer cancel()
	data, err := s.store.Load(ctx, id)
	if err != nil {
		slog.WarnContext(ctx, "snapshot not read; reading the log instead", "account", id, "error", err)
		return snapshot{}, false
	}
	if len(data) == 0 {
		return snapshot{}, false
	}
	saved, err := s.unseal(id, data)
	switch {
	case errors.Is(err, seal.ErrUnsealed): // by an earlier build, which every account's snapshot may be
		slog.DebugContext(ctx, "snapshot ignored; reading the log instead", "account", id, "reason", err)
		return snapshot{}, false
	case err != nil:
		slog.WarnContext(ctx, "snapshot ignored; reading the log instead", "account", id, "reason", err)
		return snapshot{}, false
	}
	return saved, true
}

func (s *snapshots) unseal(id bank.AccountID, data []byte) (saved snapshot, err error) {
	if err := s.key.Open(sealedAs(id), data, &saved); err != nil {
		return saved, err
	}
	if saved.Schema != snapshotSchema || saved.State.ID != id || saved.State.Version < 1 {
		return saved, errors.New("it is of another schema or account")
	}
	return saved, nil
}

// contradictedBy is an errOtherStream if a snapshot cannot be of the stream that has this record at its version. Events
// that move money have the balance after them.
func (s snapshot) contradictedBy(r contract.Record) error {
	if r.Version != s.State.Version || r.Mark() != s.Mark {
		return fmt.Errorf("%w: the log has another event as version %d", errOtherStream, s.State.Version)
	}
	event, err := r.Event()
	if err != nil {
		return fmt.Errorf("%w: %w", errOtherStream, err)
	}
	if entry, moved := event.Entry(); moved && entry.Balance != s.State.Balance {
		return fmt.Errorf("%w: the snapshot has the balance %s, and the log has %s at version %d",
			errOtherStream, s.State.Balance, entry.Balance, r.Version)
	}
	return nil
}
