package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/view"
	"corebank/internal/view/sqlite"
	"corebank/internal/view/viewtest"
)

func TestSnapshots(t *testing.T) {
	viewtest.RunSnapshots(t, open)
	viewtest.RunIsolation(t, open)
}

// A damaged file may have lines whose account is gone. An audit must see them,
// and two such histories must stay apart.
func TestLinesWithoutTheirAccountAreShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	changes := view.Changes{To: 3, Trial: view.Trial{Position: 3}}
	for i, name := range []string{"ada", "grace", "alan"} {
		id := bank.NewAccountID(name, "first")
		changes.Accounts = append(changes.Accounts, view.Account{Account: bank.Account{ID: id, Version: 1}})
		changes.Transactions = append(changes.Transactions, view.Transaction{Account: id, Version: 1, Position: int64(i + 1)})
	}
	if err := store.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(t.Context(), "DELETE FROM accounts WHERE id IN (?, ?)",
		changes.Accounts[0].ID, changes.Accounts[2].ID); err != nil {
		t.Fatal(err)
	}
	snap, err := store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(t.Context())
	var owners []string
	for line, err := range snap.Transactions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		owners = append(owners, string(line.Account))
	}
	if want := "number 1, " + string(changes.Accounts[1].ID) + ", number 3"; strings.Join(owners, ", ") != want {
		t.Errorf("lines belong to %q, want %s", owners, want)
	}
}

// A snapshot must not block the projector: it takes no write lock.
func TestAReaderTakesSnapshots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	reader, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(t.Context())
	snap, err := reader.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(t.Context())
	if err := store.Apply(t.Context(), view.Changes{To: 1, Trial: view.Trial{Position: 1}}); err != nil {
		t.Errorf("apply while a snapshot is open: %v", err)
	}
	if snap.Checkpoint() != 0 {
		t.Errorf("the snapshot moved to %d", snap.Checkpoint())
	}
}
