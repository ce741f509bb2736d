package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/sqlite"
)

func openAt(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func closeNow(t *testing.T, store view.Store) {
	t.Helper()
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestViewsOutliveTheirProjector(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views ?#%20'ö.db")
	store := openAt(t, path)
	deposits := newDeposits(3)
	for range 5 {
		if err := store.Apply(t.Context(), deposits.next(20)); err != nil {
			t.Fatal(err)
		}
	}
	closeNow(t, store)
	store = openAt(t, path)
	defer closeNow(t, store)
	if at, err := store.Checkpoint(t.Context()); err != nil || at != 100 {
		t.Errorf("checkpoint is %d (%v), want 100", at, err)
	}
	for _, want := range deposits.accounts {
		got, err := store.Account(t.Context(), want.ID)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("account is %+v (%v), want %+v", got, err, want)
		}
	}
	if err := store.Apply(t.Context(), deposits.next(20)); err != nil {
		t.Errorf("go on after opening again: %v", err)
	}
}

func TestGatewayMayStartBeforeTheProjector(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	reader, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(t.Context())
	if _, err := reader.Account(t.Context(), benchAccount(0)); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("account before anything was projected: %v, want ErrNotFound", err)
	}
	store := openAt(t, path)
	defer closeNow(t, store)
	if err := store.Apply(t.Context(), newDeposits(1).next(3)); err != nil {
		t.Fatal(err)
	}
	if account, err := reader.Account(t.Context(), benchAccount(0)); err != nil || account.Version != 3 {
		t.Errorf("account is %+v (%v), want version 3", account, err)
	}
}

func TestManyOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			reader, err := sqlite.OpenReader(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if at, err := reader.Checkpoint(t.Context()); err != nil || at != 0 {
				t.Errorf("checkpoint is %d (%v), want 0", at, err)
			}
			if err := reader.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestOnlyTheOwnerCanReadTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	store := openAt(t, path)
	defer closeNow(t, store)
	if err := store.Apply(t.Context(), newDeposits(1).next(1)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), mode)
		}
	}
}

func TestFilesThatAreNotOursAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ sql, want string }{
		"views of a newer build": {"PRAGMA user_version = 99",
			"schema version 99 and this build needs 3; stop the bank and delete the file"},
		"another program's file": {"CREATE TABLE songs (title TEXT)", "schema version 0 and this build needs 3"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "views.db")
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), c.sql); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			refused(t, path, c.want)
		})
	}
	t.Run("not a database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "views.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("a letter to the bank\n", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, path, "not a database")
	})
	t.Run("no such directory", func(t *testing.T) {
		refused(t, filepath.Join(t.TempDir(), "nowhere", "views.db"), "a directory that exists and is writable")
	})
}

func refused(t *testing.T, path, want string) {
	t.Helper()
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	_, readErr := sqlite.OpenReader(t.Context(), path)
	for _, err := range []error{err, readErr} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open: %v, want an error with %q", err, want)
		}
	}
}

func TestABusyFileIsAnErrorNotAHang(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{BusyTimeout: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer closeNow(t, store)
	other, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	writing, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	changes := newDeposits(1).next(1)
	if err := store.Apply(t.Context(), changes); err == nil || errors.Is(err, view.ErrCheckpointMoved) {
		t.Errorf("apply while another writes: %v, want an error that says so", err)
	}
	if err := writing.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := store.Apply(t.Context(), changes); err != nil {
		t.Errorf("apply when the other is done: %v", err)
	}
}

// The views of the build before this one lack a column, and go on.
func TestViewsOfTheEarlierBuildGoOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	store := openAt(t, path)
	deposits := newDeposits(3)
	if err := store.Apply(t.Context(), deposits.next(20)); err != nil {
		t.Fatal(err)
	}
	closeNow(t, store)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("ALTER TABLE checkpoint DROP COLUMN marked"); err != nil {
		t.Fatal(err)
	}
	// Its lines know no transactions with legs.
	if _, err := db.Exec(`UPDATE history SET more = '{"hold":7,"reason":"r"}' WHERE version = 2`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	store = openAt(t, path)
	defer closeNow(t, store)
	if at, err := store.LogCheckpoint(t.Context()); err != nil || at != (contract.Checkpoint{Position: 20}) {
		t.Errorf("the checkpoint is %+v (%v), want position 20 without a mark", at, err)
	}
	line, err := store.Transaction(t.Context(), benchAccount(0), 2)
	if err != nil || line.Hold != 7 || line.Reason != "r" || line.Journal != "" {
		t.Errorf("a line of the earlier build is %+v (%v)", line, err)
	}
	changes := deposits.next(20)
	changes.Log, changes.Mark = "the log", contract.Mark{7}
	if err := store.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	want := contract.Checkpoint{Log: "the log", Position: 40, Mark: contract.Mark{7}}
	if at, err := store.LogCheckpoint(t.Context()); err != nil || at != want {
		t.Errorf("the checkpoint is %+v (%v), want %+v", at, err, want)
	}
}
