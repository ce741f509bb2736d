package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"corebank/internal/filelock"
)

func TestOneOwnerAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := filelock.Try(path)
	if err != nil {
		t.Fatal(err)
	}

	_, err = filelock.Try(path)
	var held *filelock.HeldError
	if !errors.As(err, &held) {
		t.Fatalf("the second owner got %v, want a HeldError", err)
	}
	if held.PID != os.Getpid() || held.Path != path {
		t.Errorf("the error names process %d and %s, want %d and %s", held.PID, held.Path, os.Getpid(), path)
	}

	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	next, err := filelock.Try(path)
	if err != nil {
		t.Fatalf("after its release the lock is still held: %v", err)
	}
	defer next.Release()
}

func TestALockWithoutADirectoryIsNoHeldLock(t *testing.T) {
	_, err := filelock.Try(filepath.Join(t.TempDir(), "missing", "lock"))
	var held *filelock.HeldError
	if err == nil || errors.As(err, &held) {
		t.Fatalf("got %v, want an ordinary error", err)
	}
}
