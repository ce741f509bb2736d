package actor

import (
	"context"
	"log/slog"
	"time"

	"corebank/internal/bank"
	"corebank/internal/seal"
)

// snapshotSchema is the version of the snapshot's shape. A snapshot of any other version is ignored.
const snapshotSchema = 3

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

// enqueue queues a snapshot to be saved, or drops it when too many wait.
func (s *snapshots) enqueue(state bank.Account, keys *bank.Keys) {
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
		case one := <-s.queue:
			if err := s.save(ctx, one); err != nil {
				slog.Warn("snapshot not saved; the log has it all", "account", one.State.ID, "error", err)
			}
		}
	}
}

func (s *snapshots) save(ctx context.Context, one snapshot) error {
	ctx, cancel := context.WithTimeout(ctx, snapshotTimeout)
	defer cancel()
	data, err := seal.Seal(one)
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
		slog.Warn("snapshot not read; reading the log instead", "account", id, "error", err)
		return snapshot{}, false
	}
	if len(data) == 0 {
		return snapshot{}, false
	}
	saved, reason := unseal(id, data)
	if reason != "" {
		slog.Warn("snapshot ignored; reading the log instead", "account", id, "reason", reason)
		return snapshot{}, false
	}
	return saved, true
}

func unseal(id bank.AccountID, data []byte) (saved snapshot, reason string) {
	if err := seal.Open(data, &saved); err != nil {
		return saved, err.Error()
	}
	if saved.Schema != snapshotSchema || saved.State.ID != id {
		return saved, "it is of another schema or account"
	}
	return saved, ""
}
