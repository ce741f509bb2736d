package actor

import (
	"context"
	"log/slog"
	"time"

	"corebank/internal/bank"
	"corebank/internal/seal"
)

// snapshotSchema is the version of the snapshot's shape. A snapshot of any
// other version is ignored.
const snapshotSchema = 3

// Bounds of keeping snapshots.
const (
	snapshotQueue   = 64 // snapshots that wait; one more is dropped
	snapshotTimeout = 3 * time.Second
)

// Snapshots is where snapshots are kept: a cache.
type Snapshots interface {
	// Load is what was saved for the account; nil for nothing.
	Load(ctx context.Context, id bank.AccountID) ([]byte, error)
	Save(ctx context.Context, id bank.AccountID, data []byte) error
}

// snapshot is an account at one version.
type snapshot struct {
	Schema int             `json:"schema"`
	State  bank.Account    `json:"state"`
	Keys   []bank.KeyEntry `json:"keys"`
	Forgot bool            `json:"forgot"`
}

// snapshots writes snapshots behind the turns and reads them for new ones.
type snapshots struct {
	store Snapshots
	queue chan snapshot
}

func newSnapshots(store Snapshots) *snapshots {
	return &snapshots{store: store, queue: make(chan snapshot, snapshotQueue)}
}

// keep queues a snapshot, or drops it when too many wait.
func (s *snapshots) keep(state bank.Account, keys *bank.Keys) {
	entries, forgot := keys.Entries()
	select {
	case s.queue <- snapshot{Schema: snapshotSchema, State: state, Keys: entries, Forgot: forgot}:
	default:
	}
}

// run saves snapshots until ctx ends.
func (s *snapshots) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case kept := <-s.queue:
			if err := s.save(ctx, kept); err != nil {
				slog.Warn("snapshot not saved; the log has it all", "account", kept.State.ID, "error", err)
			}
		}
	}
}

func (s *snapshots) save(ctx context.Context, kept snapshot) error {
	ctx, cancel := context.WithTimeout(ctx, snapshotTimeout)
	defer cancel()
	data, err := seal.Seal(kept)
	if err != nil {
		return err
	}
	return s.store.Save(ctx, kept.State.ID, data)
}

// load is the account's snapshot, if there is one that can be trusted. One
// that cannot, for whatever reason, is as good as none.
func (s *snapshots) load(ctx context.Context, id bank.AccountID) (snapshot, bool) {
	ctx, cancel := context.WithTimeout(ctx, snapshotTimeout)
	defer cancel()
	data, err := s.store.Load(ctx, id)
	if err != nil {
		slog.Warn("snapshot not read; reading the log instead", "account", id, "error", err)
		return snapshot{}, false
	}
	if len(data) == 0 {
		return snapshot{}, false
	}
	kept, reason := unseal(id, data)
	if reason != "" {
		slog.Warn("snapshot ignored; reading the log instead", "account", id, "reason", reason)
		return snapshot{}, false
	}
	return kept, true
}

func unseal(id bank.AccountID, data []byte) (kept snapshot, reason string) {
	if err := seal.Open(data, &kept); err != nil {
		return kept, err.Error()
	}
	if kept.Schema != snapshotSchema || kept.State.ID != id {
		return kept, "it is of another schema or account"
	}
	return kept, ""
}
