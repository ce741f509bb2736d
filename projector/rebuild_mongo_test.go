package projector_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"

	"corebank/internal/view"
	"corebank/internal/view/mongo"
	"corebank/projector"
)

// newMongoBranch is a branch with its views in a server of MongoDB's protocol without
// transactions.
func newMongoBranch(t *testing.T, payments int) *branch {
	t.Helper()
	server, err := ferretdb.New(&ferretdb.Config{Listener: ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger: slog.New(slog.DiscardHandler), Handler: "sqlite", SQLiteURL: "file:" + t.TempDir() + "/"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	uri, options := server.MongoDBURI(), mongo.Options{WithoutTransactions: true, Retention: time.Nanosecond}
	b := newBranchOn(t, payments, mongo.NewGenerations(uri, options))
	b.reader = func() view.Reader {
		reader, err := mongo.OpenLive(t.Context(), uri, options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { reader.Close(context.WithoutCancel(t.Context())) })
		return reader
	}
	return b
}

func TestViewsInMongoDBAreRebuiltAndRolledBackFromOutside(t *testing.T) {
	b := newMongoBranch(t, 45)
	b.damage()
	admin, _ := b.admin()
	silent := func(projector.Progress) {}
	done, err := admin.Rebuild(t.Context(), silent)
	want := projector.Compared{Position: 50, Accounts: 5, Transactions: 45}
	if err != nil || done.Generation != 1 || done.Was != 0 || *done.Compared != want {
		t.Fatalf("rebuilt %+v (%v), compared %+v", done, err, done.Compared)
	}
	b.shows(1)
	b.log.pay(t, 10)
	b.catchUp()
	b.shows(1)
	// The previous views are the damaged ones: they come back as they were.
	if done, err = admin.Rollback(t.Context(), silent); err != nil || done.Generation != 0 || done.Events != 10 {
		t.Fatalf("rolled back %+v (%v)", done, err)
	}
	if replayed, err := admin.Replay(t.Context(), customer(1)); err != nil || replayed.Version != 12 {
		t.Fatalf("replayed %+v (%v)", replayed, err)
	}
	b.shows(0)
	if done, err = admin.Rebuild(t.Context(), silent); err != nil || done.Generation != 2 || done.Was != 0 {
		t.Fatalf("rebuilt %+v (%v)", done, err)
	}
	b.log.pay(t, 10)
	b.restart()
	b.catchUp()
	b.shows(2)
}

// Two projectors share the views in MongoDB, and one of them rebuilds.
func TestTheOtherProjectorFollowsARebuildInMongoDB(t *testing.T) {
	b := newMongoBranch(t, 45)
	one := b.projector
	b.restart()
	b.rebuild()
	b.log.pay(t, 5)
	catchUp := func() error { return one.CatchUp(t.Context()) }
	if err := catchUp(); !errors.Is(err, view.ErrRetired) {
		t.Fatalf("catch up: %v, want ErrRetired", err)
	}
	if err := one.RetryOnLive(t.Context(), b.generations, catchUp); err != nil {
		t.Fatal(err)
	}
	b.shows(1)
	b.rebuild() // from the position that the other projector reached
	b.rebuild() // and now the views that it writes are removed
	b.log.pay(t, 5)
	if err := one.RetryOnLive(t.Context(), b.generations, catchUp); err != nil {
		t.Fatal(err)
	}
	b.shows(3)
}
