package session_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"corebank/internal/identity/session"
)

func open(t *testing.T) session.Store {
	t.Helper()
	store := session.Store{Dir: filepath.Join(t.TempDir(), "sessions")}
	if err := store.Clear(); err != nil {
		t.Fatal(err)
	}
	return store
}

func offer(t *testing.T, store session.Store) string {
	t.Helper()
	code, err := store.Offer("the token")
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestACodeWorksOnce: a second browser gets nothing, also at the same time.
func TestACodeWorksOnce(t *testing.T) {
	store := open(t)
	code := offer(t, store)
	var won atomic.Int64
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			key, err := store.Redeem(code)
			if err != nil {
				if !errors.Is(err, session.ErrUnknown) {
					t.Error(err)
				}
				return
			}
			won.Add(1)
			if token, err := store.Token(key); err != nil || token != "the token" {
				t.Errorf("%q, %v", token, err)
			}
		})
	}
	if wait.Wait(); won.Load() != 1 {
		t.Errorf("%d browsers were signed in", won.Load())
	}
}

// TestSessionsEnd: by signing out, and with the bank.
func TestSessionsEnd(t *testing.T) {
	store := open(t)
	var keys []string
	for range 2 {
		key, err := store.Redeem(offer(t, store))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	pending := offer(t, store)
	if err := errors.Join(store.End(keys[0]), store.End(keys[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Token(keys[0]); !errors.Is(err, session.ErrUnknown) {
		t.Errorf("after signing out: %v", err)
	}
	if _, err := store.Token(keys[1]); err != nil {
		t.Errorf("another's signing out: %v", err)
	}
	if err := store.Clear(); err != nil {
		t.Fatal(err)
	}
	_, err := store.Redeem(pending)
	if _, ended := store.Token(keys[1]); !errors.Is(err, session.ErrUnknown) || !errors.Is(ended, session.ErrUnknown) {
		t.Errorf("after a start: %v, %v", err, ended)
	}
}

// TestFilesAreForTheirOwnerAndNameNoSecret: a list of the folder shows
// neither codes nor keys, and what is not of a session stays.
func TestFilesAreForTheirOwnerAndNameNoSecret(t *testing.T) {
	store := open(t)
	mine := filepath.Join(store.Dir, "notes.txt")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code := offer(t, store)
	key, err := store.Redeem(offer(t, store))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(store.Dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Mode().Perm() != 0o600 || strings.Contains(entry.Name(), code) ||
			strings.Contains(entry.Name(), key) {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	for _, other := range []string{"", "x", "../" + code, code + "x"} {
		if _, err := store.Redeem(other); !errors.Is(err, session.ErrUnknown) {
			t.Errorf("%q: %v", other, err)
		}
	}
	if err := store.Clear(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}
