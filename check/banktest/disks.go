package banktest

import (
	"context"
	"crypto/ecdsa"
	"log/slog"
	"testing"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/logclient"
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
	log       *slog.Logger      // nil discards it
}

// LogTo has a bank on these disks log its work.
func (d *Disks) LogTo(log *slog.Logger) { d.log = log }

func newDisks(t testing.TB, partitions int) *Disks {
	d := &Disks{sequence: storage.NewMemorySequenceLog(), snapshots: &snapshotStore{}, transfers: &stateStore{},
		key: key(t)}
	for range partitions {
		d.logs = append(d.logs, storage.NewMemoryLog())
	}
	return d
}

// openViews opens the views, and returns them as the gateway reads them and the
// projector's way to handle a batch.
func (b *Bank) openViews(log *logclient.Client, quiet *slog.Logger) (
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
