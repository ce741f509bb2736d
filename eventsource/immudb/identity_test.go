package immudb_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/codenotary/immudb/pkg/server"

	"corebank/eventsource/immudb"
	"corebank/eventsource/logtest"
	"corebank/eventsource/storage"
)

// startServerOn runs immudb with its data in dir/data until stop is called.
func startServerOn(t *testing.T, dir string) (config immudb.Config, stop func()) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config = immudb.Config{Address: lis.Addr().String(), Database: "corebank", User: "eventsource",
		Password: "Writ3r!password", AdminPassword: "Adm1n!password", StateDir: filepath.Join(dir, "state")}
	options := server.DefaultOptions().WithDir(filepath.Join(dir, "data")).WithListener(lis).
		WithLogDir(filepath.Join(dir, "logs")).WithLogfile("immudb.log").WithMetricsServer(false).WithWebServer(false).
		WithPgsqlServer(false).WithAdminPassword(config.AdminPassword).WithSigningKey("")
	srv := server.DefaultServer().WithOptions(options).(*server.ImmuServer)
	if err := srv.Initialize(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Start() }()
	return config, func() {
		if err := srv.Stop(); err != nil {
			t.Error(err)
		}
		<-ended
	}
}

// session opens the log in a directory, and closes it and its server afterwards.
func session(t *testing.T, dir string, work func(log *immudb.Log, head int64, id string)) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	config, stop := startServerOn(t, dir)
	defer stop()
	log := immudb.NewLog(config)
	defer log.Close(context.WithoutCancel(t.Context()))
	head, err := log.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, err := log.LogID(t.Context())
	if err != nil || id == "" {
		t.Fatalf("the id is %q (%v)", id, err)
	}
	work(log, head, id)
}

// A copy of the data that is put back has the id of the log, the head of then, and other records after that.
func TestARestoredCopyIsTheSameLogWithAnotherPast(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	records := logtest.Deposits(3)
	var id string
	commit := func(log *immudb.Log, from, to int64) {
		if err := log.Commit(t.Context(), records[from:to], storage.Heads{records[0].Account: from}); err != nil {
			t.Fatal(err)
		}
	}
	session(t, dir, func(log *immudb.Log, _ int64, its string) { id = its; commit(log, 0, 2) })
	if err := os.CopyFS(filepath.Join(copied, "data"), os.DirFS(filepath.Join(dir, "data"))); err != nil {
		t.Fatal(err)
	}
	session(t, dir, func(log *immudb.Log, head int64, its string) {
		if its != id || head != 2 {
			t.Errorf("opened again, it is %s at %d, want %s at 2", its, head, id)
		}
		commit(log, 2, 3)
	})
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(copied, "data"), filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	session(t, dir, func(log *immudb.Log, head int64, its string) {
		if its != id || head != 2 {
			t.Errorf("put back, it is %s at %d, want %s at 2", its, head, id)
		}
		found, err := log.FindKeys(t.Context(), records[0].Account, []string{records[2].Key})
		if err != nil || len(found) != 0 {
			t.Errorf("the index of keys has %d records of the future that is gone (%v)", len(found), err)
		}
	})
}

// A log of an earlier build has no id. It gets one that is the same in each of its copies.
func TestALogOfAnEarlierBuildGetsAnID(t *testing.T) {
	dir := t.TempDir()
	var first, second string
	session(t, dir, func(log *immudb.Log, _ int64, _ string) {
		records := logtest.Deposits(2)
		if err := log.Commit(t.Context(), records, storage.Heads{records[0].Account: 0}); err != nil {
			t.Fatal(err)
		}
		var err error
		if first, err = log.EarlierID(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	session(t, dir, func(log *immudb.Log, _ int64, its string) {
		var err error
		if second, err = log.EarlierID(t.Context()); err != nil || second != first || second == its || len(second) != 32 {
			t.Errorf("%q, then %q, and it has %q (%v)", first, second, its, err)
		}
	})
}
