package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ran is the directory of a bank that has run: it has a log, and what is made again.
func ran(t *testing.T) *Locked {
	t.Helper()
	bank, err := Open(filepath.Join(t.TempDir(), "bank"), 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"immudb/corebank/commit/0", "views.db", "views-2.db-wal", "actors.db",
		"nats/jetstream/x", "eventsource/keys/x", "eventsource-1/keys/x", "sockets/x", "disk-floor", "notes/views.db"} {
		path = filepath.Join(bank.Path, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := bank.WriteRunning(Running{Gateway: "http://127.0.0.1:1", Immudb: "127.0.0.1:2"}); err != nil {
		t.Fatal(err)
	}
	return bank
}

// copied copies a directory, as cp -r does, and opens the twin.
func copied(t *testing.T, from string) *Locked {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return reopened(t, to)
}

func reopened(t *testing.T, path string) *Locked {
	t.Helper()
	bank, err := Open(path, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bank.Close)
	return bank
}

func TestACopyIsNoticedUntilSomebodyMadeSureOfIt(t *testing.T) {
	bank := ran(t)
	if bank.Copied() {
		t.Fatal("a new directory counts as a copy")
	}
	twin := copied(t, bank.Path) // while the bank runs
	if !twin.Copied() || twin.CheckCopy() != nil {
		t.Fatalf("a copy is not noticed, or is refused: %v", twin.CheckCopy())
	}
	_, err := ReadRunning(twin.Path)
	if !errors.Is(err, ErrCopied) || !strings.Contains(err.Error(), "corebank up --data") {
		t.Errorf("the addresses of the original are taken for those of the copy: %v", err)
	}
	twin.Close()
	again := reopened(t, twin.Path) // a start that was interrupted
	if !again.Copied() {
		t.Fatal("a copy is trusted at its second start, and no one has made sure of it")
	}
	if err := again.Settle(); err != nil || again.Copied() {
		t.Fatalf("a copy that is right stays a copy: %v", err)
	}
	again.Close()
	if reopened(t, twin.Path).Copied() {
		t.Error("a copy that was right is checked once more")
	}
	bank.Close()
	if reopened(t, bank.Path).Copied() {
		t.Error("the original counts as a copy")
	}
}

func TestADirectoryThatWasRenamedIsNoCopy(t *testing.T) {
	bank := ran(t)
	bank.Close()
	to := filepath.Join(filepath.Dir(bank.Path), "renamed")
	if err := os.Rename(bank.Path, to); err != nil {
		t.Fatal(err)
	}
	if reopened(t, to).Copied() {
		t.Error("a bank that was renamed is checked")
	}
}

// An earlier build noted no place: what it made is opened as it always was, and from then on has a place.
func TestABankOfABuildWithoutPlacesIsNoCopy(t *testing.T) {
	path := filled(t, map[string]string{"immudb/corebank/commit/x": "x"})
	for range 2 {
		bank, err := Open(path, 1)
		if err != nil {
			t.Fatal(err)
		}
		if bank.Copied() {
			t.Error("it counts as a copy")
		}
		bank.Close()
	}
}

func TestAnotherLogInTheDirectoryIsACopy(t *testing.T) {
	bank := ran(t)
	bank.Close()
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.CopyFS(kept, os.DirFS(bank.Immudb())); err != nil {
		t.Fatal(err)
	}
	remove := func() {
		if err := os.RemoveAll(bank.Immudb()); err != nil {
			t.Fatal(err)
		}
	}
	remove()
	if err := os.CopyFS(bank.Immudb(), os.DirFS(kept)); err != nil {
		t.Fatal(err)
	}
	back := reopened(t, bank.Path)
	if !back.Copied() {
		t.Error("a log that was put back is not noticed")
	}
	back.Close()
	remove()
	none := reopened(t, bank.Path)
	if err := none.CheckCopy(); !none.Copied() || err == nil || !strings.Contains(err.Error(), "has no log, and had one") {
		t.Errorf("a bank whose log is gone is a new one: %v", err)
	}
}

func TestOnlyWhatIsMadeAgainIsForgotten(t *testing.T) {
	bank := ran(t)
	defer bank.Close()
	if err := bank.Forget(); err != nil {
		t.Fatal(err)
	}
	for path, stays := range map[string]bool{"immudb/corebank/commit/0": true, "views.db": false, "views-2.db-wal": false,
		"actors.db": false, "nats/jetstream": false, "nats": true, "eventsource/keys": false, "eventsource-1/keys": false,
		"disk-floor": true, "notes/views.db": true, "secrets/immudb-admin": true} {
		if _, err := os.Stat(filepath.Join(bank.Path, path)); (err == nil) != stays {
			t.Errorf("%s: %v, want that it stays: %t", path, err, stays)
		}
	}
}

// The machines of a bank reach each other. A copy of one that runs beside it would be taken for it.
func TestACopyOfMachinesWaitsForTheirEnd(t *testing.T) {
	bank, err := OpenMachines(filepath.Join(t.TempDir(), "bank"), MachinesRun)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := bank.Machine(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(machine.Immudb(), "corebank"), 0o700); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(bank.Path)); err != nil {
		t.Fatal(err)
	}
	twin, err := OpenMachines(to, MachinesRun)
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	second, err := twin.Machine(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.CheckCopy(); !second.Copied() || err == nil || !strings.Contains(err.Error(), "which runs") {
		t.Errorf("beside the original: %v", err)
	}
	bank.Close()
	if err := second.CheckCopy(); err != nil {
		t.Errorf("after the end of the original: %v", err)
	}
}
