package immudbserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/codenotary/immudb/embedded/logger"

	"corebank/localbank/diskfault"
)

// badIndex is how immudb reports an index that cannot be opened.
const badIndex = "could not open indexer"

// watchedLog is immudb's log. It ends the process when a line reports that a
// write failed or that an index cannot be opened.
type watchedLog struct {
	logger.Logger
	end func(reason string) // does not return
}

func (l watchedLog) Errorf(format string, v ...any) {
	l.Logger.Errorf(format, v...)
	l.check(format, v...)
}

func (l watchedLog) Warningf(format string, v ...any) {
	l.Logger.Warningf(format, v...)
	l.check(format, v...)
}

func (l watchedLog) check(format string, v ...any) {
	if line := fmt.Sprintf(format, v...); diskfault.In(line) || strings.Contains(line, badIndex) {
		l.end(line)
	}
}

// trialSize is what the disk must take before the server starts: a server that
// finds no room half way leaves files that it cannot read.
const trialSize = 1 << 20

// tryDisk writes a file into a directory and removes it.
func tryDisk(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "trial-")
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, trialSize))
	return errors.Join(err, file.Sync(), file.Close(), os.Remove(file.Name()))
}

// RemoveDerived removes what immudb makes again from the transactions of its databases: their indexes and their hash
// trees. In a copy that was made file by file, they may be of another moment than the transactions.
func RemoveDerived(dir string) error { return removeFolders(dir, "index_", "aht") }

// removeIndexes removes the indexes of all databases.
func removeIndexes(dir string) error { return removeFolders(dir, "index_") }

// removeFolders removes folders of all databases whose names begin like this.
func removeFolders(dir string, prefixes ...string) error {
	databases, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, database := range databases {
		path := filepath.Join(dir, database.Name())
		if _, err := os.Stat(filepath.Join(path, "commit")); err != nil {
			continue // no database of immudb
		}
		files, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		for _, file := range files {
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(file.Name(), p) }) {
				continue
			}
			if err := os.RemoveAll(filepath.Join(path, file.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// watchInterval is how often the disk is tried while immudb opens.
const watchInterval = 20 * time.Millisecond

// watchDisk tries the disk again and again until stop is called, and calls end
// when a trial fails. immudb does not notice failed writes while it opens its
// databases: 1.11.1 then fails every commit, with "can not reset the tree to a
// larger size", until it is started again.
func watchDisk(try func() error, end func(reason string)) (stop func()) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		ticks := time.NewTicker(watchInterval)
		defer ticks.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticks.C:
				if err := try(); err != nil {
					end("a write to the disk failed while immudb opened: " + err.Error())
					return
				}
			}
		}
	})
	return func() { close(done); watching.Wait() }
}
