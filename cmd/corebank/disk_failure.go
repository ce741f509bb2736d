package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/codenotary/immudb/embedded/logger"
)

// The servers of others that run in this program go on after a write to their
// files has failed, with less on the disk than they hold in memory: immudb then
// answers from an index without what its log has, and keeps that index at its
// end; NATS refuses every message until it is started again. Both come back
// whole from what is on the disk if they end at once, without a word to it.

// diskFailures are the system's words for a write that failed.
var diskFailures = []string{
	syscall.ENOSPC.Error(), syscall.EDQUOT.Error(), syscall.EFBIG.Error(), syscall.EIO.Error(), syscall.EROFS.Error(),
	"not enough space", // Windows
}

// saysDiskFailed reports whether a line of a log says that a write failed.
func saysDiskFailed(line string) bool {
	for _, words := range diskFailures {
		if strings.Contains(line, words) {
			return true
		}
	}
	return false
}

// badIndex is how immudb says that an index cannot be opened.
const badIndex = "could not open indexer"

// immudbLog is immudb's log, and the end of the process where it says that a
// write failed, or that an index cannot be opened.
type immudbLog struct {
	logger.Logger
	end func(reason string) // does not return
}

func (l immudbLog) Errorf(format string, v ...any) {
	l.Logger.Errorf(format, v...)
	l.look(format, v...)
}

func (l immudbLog) Warningf(format string, v ...any) {
	l.Logger.Warningf(format, v...)
	l.look(format, v...)
}

func (l immudbLog) look(format string, v ...any) {
	if line := fmt.Sprintf(format, v...); saysDiskFailed(line) || strings.Contains(line, badIndex) {
		l.end(line)
	}
}

// diskTrial is what a server must be able to write before it is started: one
// that finds no room half way leaves files that it cannot read.
const diskTrial = 1 << 20

// tryDisk writes something into a directory and takes it away again.
func tryDisk(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "trial-")
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, diskTrial))
	return errors.Join(err, file.Sync(), file.Close(), os.Remove(file.Name()))
}

// removeIndexes removes the indexes of all databases of an immudb.
func removeIndexes(dir string) error {
	indexes, err := filepath.Glob(filepath.Join(dir, "*", "index_*"))
	if err != nil {
		return err
	}
	for _, index := range indexes {
		if err := os.RemoveAll(index); err != nil {
			return err
		}
	}
	return nil
}

// diskWatchEvery is how often the disk is tried while immudb opens.
const diskWatchEvery = 20 * time.Millisecond

// watchDisk tries the disk again and again until stop is called, and calls end
// when it takes nothing: what immudb makes up for while it opens its databases,
// it does not look whether it could write (1.11.1 fails every commit afterwards,
// with "can not reset the tree to a larger size", until it is started again).
func watchDisk(try func() error, end func(reason string)) (stop func()) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		ticks := time.NewTicker(diskWatchEvery)
		defer ticks.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticks.C:
				if err := try(); err != nil {
					end("the disk took nothing while immudb opened: " + err.Error())
					return
				}
			}
		}
	})
	return func() { close(done); watching.Wait() }
}
