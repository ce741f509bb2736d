package immudbserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A disk that cannot be written for a moment while immudb opens ends it: nothing
// could tell afterwards what was not written.
func TestAnOpeningThatCouldNotWriteEnds(t *testing.T) {
	for name, full := range map[string]time.Duration{"a sound disk": time.Hour,
		"one that is full for a moment": 90 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, reason := time.Now(), ""
				stop := watchDisk(func() error {
					if now := time.Since(began); now > full && now < full+30*time.Millisecond {
						return errors.New("no space left")
					}
					return nil
				}, func(why string) { reason = why })
				<-time.After(4 * time.Second)
				stop()
				if ended := strings.Contains(reason, "no space left"); ended != (full < time.Second) {
					t.Errorf("it ended with %q", reason)
				}
			})
		})
	}
}

// TestIndexesAreRemovedWhereTheyAre: the name of the directory is no pattern, and
// only immudb's databases have indexes.
func TestIndexesAreRemovedWhereTheyAre(t *testing.T) {
	parent := t.TempDir()
	paths := map[string]bool{ // whether it stays
		"data[1]/corebank/index_00/x": false, "data[1]/corebank/index_01/x": false, "data[1]/corebank/val_0/x": true,
		"data[1]/mine/index_00/x": true, "data1/corebank/index_00/x": true,
	}
	for path := range paths {
		path = filepath.Join(parent, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(parent, "data[1]", "corebank", "commit"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := removeIndexes(filepath.Join(parent, "data[1]")); err != nil {
		t.Fatal(err)
	}
	for path, stays := range paths {
		if _, err := os.Stat(filepath.Join(parent, path)); (err == nil) != stays {
			t.Errorf("%s: %v, want that it stays: %t", path, err, stays)
		}
	}
}
