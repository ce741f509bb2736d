package storedlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
)

// A copy of a bank's directory is started first: no address of an immudb is asked for, as where there is no bank.
func TestWhatIsMissingIsAskedFor(t *testing.T) {
	bank, err := datadir.Open(filepath.Join(t.TempDir(), "bank"), 1)
	if err != nil {
		t.Fatal(err)
	}
	twin := filepath.Join(t.TempDir(), "twin")
	if err := errors.Join(bank.WriteRunning(datadir.Running{Immudb: "127.0.0.1:1"}),
		os.CopyFS(twin, os.DirFS(bank.Path))); err != nil {
		t.Fatal(err)
	}
	bank.Close()
	for path, says := range map[string]string{twin: "corebank up --data " + twin, t.TempDir(): "or --immudb host:port"} {
		config := storedlog.Config{Data: path, Partitions: 1}
		if err := config.Complete(t.Context()); err == nil || !strings.Contains(err.Error(), says) ||
			strings.Contains(err.Error(), "--immudb") && path == twin {
			t.Errorf("%v; want %q", err, says)
		}
	}
}
