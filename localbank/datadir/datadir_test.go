package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/codenotary/immudb/pkg/auth"

	"corebank/internal/secrets"
)

func TestADataDirectoryIsPreparedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a bank", "data")
	data, err := Open(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	first := passwords(t, data)
	for _, password := range first {
		if err := auth.IsStrongPassword(password); err != nil {
			t.Errorf("immudb refuses a password: %v", err)
		}
	}
	if first[0] == first[1] {
		t.Error("the administrator and the writer have the same password")
	}
	for _, file := range []string{"pubsub.yaml", "livefeed.yaml", "statestore.yaml", "config.yaml"} {
		if _, err := os.Stat(filepath.Join(data.Components(), file)); err != nil {
			t.Error(err)
		}
	}
	stale := []string{data.Names(), data.Names() + "-wal", filepath.Join(data.Components(), "stale.yaml")}
	for _, file := range stale {
		if err := os.WriteFile(file, []byte(componentsMark), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data.Close()

	data, err = Open(path, 1)
	if err != nil {
		t.Fatalf("after it was closed it cannot be opened: %v", err)
	}
	defer data.Close()
	if again := passwords(t, data); !slices.Equal(again, first) {
		t.Error("the passwords have changed")
	}
	for _, file := range stale {
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was left: %v", file, err)
		}
	}
}

func passwords(t *testing.T, data *Locked) []string {
	t.Helper()
	var found []string
	for _, path := range []string{data.AdminPassword(), data.WriterPassword(0)} {
		secret, err := secrets.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want that only its owner can read it", path, info.Mode(), err)
		}
		found = append(found, secret)
	}
	return found
}

// TestTheNumberOfPartitionsIsFixed: it is written before anything else, and a
// bank that is older than partitions has one.
func TestTheNumberOfPartitionsIsFixed(t *testing.T) {
	old, several := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(old, "immudb", "corebank"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		data       string
		partitions int
		want       string // the error; "" if it opens
	}{
		{old, 2, "--partitions 1"}, {old, 1, ""}, {several, 3, ""}, {several, 3, ""}, {several, 1,
			"--partitions 3"}, {several, 2, "--partitions 3"},
	} {
		data, err := Open(test.data, test.partitions)
		if err == nil {
			data.Close()
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("opened with %d: %v, want %q", test.partitions, err, test.want)
		}
	}
	if err := os.WriteFile(Dir{Path: several}.partitionsFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(several, 3); err == nil {
		t.Error("a damaged file is read as a number")
	}
}
