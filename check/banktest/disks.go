package banktest

import (
	"context"
	"crypto/ecdsa"
	"log/slog"
	"path/filepath"
	"testing"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/seal"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/internal/view/sqlite"
	"corebank/projector"
)

// Disks are what a bank stores. A bank that is started on them again continues.
type Disks struct {
	logs      []*storage.MemoryLog // by partition
	sequence  *storage.MemorySequenceLog
	views     string // SQLite file of the first generation; "" for views in memory
	snapshots *snapshotStore
	transfers *stateStore
	key       *ecdsa.PrivateKey // of the actors
	sealing   seal.Key          // of the actors
}

// NewDisks are empty disks, for a log of several partitions, with views in SQLite.
func NewDisks(t testing.TB, partitions int) *Disks {
	t.Helper()
	d := newDisks(t, partitions)
	d.views = filepath.Join(t.TempDir(), "views.db")
	return d
}

func newDisks(t testing.TB, partitions int) *Disks {
	d := &Disks{sequence: storage.NewMemorySequenceLog(), snapshots: &snapshotStore{}, transfers: &stateStore{},
		key: key(t)}
	for range partitions {
		d.logs = append(d.logs, storage.NewMemoryLog())
	}
	return d
}

// Head is how many records the log has.
func (d *Disks) Head() (head int64) {
	for _, log := range d.logs {
		head += log.Head()
	}
	return head
}

// LogCopy remembers the log as it is. The function that it returns puts this copy in
// place of the log, and leaves everything else as it is. No bank may run then.
func (d *Disks) LogCopy() (restore func()) {
	heads, cuts := make([]int64, len(d.logs)), d.sequence.Head()
	for i, log := range d.logs {
		heads[i] = log.Head()
	}
	return func() {
		for i, log := range d.logs {
			log.Restore(heads[i])
		}
		d.sequence.Restore(cuts)
	}
}

// WithViewsOf makes these the disks of another bank, with a log of its own, that
// uses the same store of views.
func (d *Disks) WithViewsOf(other *Disks) *Disks {
	d.views = other.views
	return d
}

// openViews opens the views, and returns them as the gateway reads them and the
// projector's way to handle a batch.
func (b *Bank) openViews(log directLog, quiet *slog.Logger) (
	reader view.Reader, handle func(context.Context, contract.Batch) error,
) {
	b.t.Helper()
	if b.disks.views == "" {
		b.Views = memory.New()
		b.projector = projector.New(b.Views, log, quiet)
		return b.Views, b.projector.Handle
	}
	generations := sqlite.NewGenerations(b.disks.views, sqlite.Options{})
	built, err := generations.Live(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	live, err := sqlite.OpenLive(b.t.Context(), b.disks.views)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Views, b.projector = built.Store, projector.New(built.Store, log, quiet)
	b.atEnd(func() { _ = live.Close(context.Background()); _ = b.projector.Close(context.Background()) })
	return live, func(ctx context.Context, batch contract.Batch) error {
		return b.projector.RetryOnLive(ctx, generations, func() error { return b.projector.Handle(ctx, batch) })
	}
}
