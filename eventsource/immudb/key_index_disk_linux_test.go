package immudb

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"corebank/internal/contract"
)

const fullDisk = "COREBANK_TEST_FULL_DISK"

// Given an index of keys whose disk is full; then the process ends, and says why: nothing is lost, as the index is made
// from the log again. It does not end with a fault of the program.
func TestAFullDiskUnderTheIndexOfKeysIsReported(t *testing.T) {
	if dir := os.Getenv(fullDisk); dir != "" {
		t.Fatalf("it went on: %v", addOnFullDisk(dir))
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), fullDisk+"="+t.TempDir())
	out, err := again.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || !strings.Contains(string(out), "index of idempotency keys cannot be written") ||
		strings.Contains(string(out), "panic: ") || strings.Contains(string(out), "it went on") {
		t.Errorf("it ended with %v and said:\n%s", err, out)
	}
}

func addOnFullDisk(dir string) error {
	x, err := openKeyIndex(Config{StateDir: dir, Database: "corebank", Password: "a password of the writer"})
	if err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Max: unix.RLIM_INFINITY}); err != nil {
		return err
	}
	for n := int64(1); n <= 100_000; n++ { // what is written is noticed later
		err := x.add([]contract.Record{{Account: "acc_1", Version: n, Key: fmt.Sprint(n)}}, State{Tx: uint64(n)})
		if err != nil {
			return err
		}
	}
	return nil
}
