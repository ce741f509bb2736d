package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"corebank/eventsource/immudb"
	"corebank/internal/filelock"
)

// claim makes a directory if it is missing, closes it to others and locks it, unless it is refused. From then on, what
// this process and its children create is readable by their owner only.
func claim(d Dir, refuse func(Dir) error) (Dir, *filelock.Lock, error) {
	if d.Path == "" {
		return d, nil, errors.New("--data is empty; give the directory of a bank, for example --data .corebank")
	}
	path, err := filepath.Abs(d.Path)
	if err != nil {
		return d, nil, fmt.Errorf("--data %s: %w", d.Path, err)
	}
	d.Path = path
	ownFilesOnly()
	if err := os.MkdirAll(path, 0o700); err != nil {
		return d, nil, unwritable(path, err)
	}
	if err := refuse(d); err != nil {
		return d, nil, err
	}
	if err := d.closeToOthers(); err != nil {
		return d, nil, err
	}
	lock, err := filelock.Try(d.lockFile())
	var held *filelock.HeldError
	if errors.As(err, &held) {
		return d, nil, fmt.Errorf("the data directory %s is in use by another bank, process %d; "+
			"stop that bank, or give this one a directory of its own with --data DIR", path, held.PID)
	}
	if err != nil {
		return d, nil, unwritable(path, err)
	}
	return d, lock, nil
}

// checkOurs refuses a directory that is neither a bank nor empty: what is in it
// was not made by a bank, and starting one there could replace it.
func (d Dir) checkOurs() error {
	if d.isBank() {
		return nil
	}
	entries, err := os.ReadDir(d.Path)
	if err != nil {
		return unwritable(d.Path, err)
	}
	for _, entry := range entries {
		if d.isForeign(entry) {
			return fmt.Errorf("the directory %[1]s is no bank and not empty: it has %[2]q; nothing was changed in it; "+
				"give a bank a directory of its own, for example --data %[3]s",
				d.Path, entry.Name(), filepath.Join(d.Path, "bank"))
		}
	}
	return nil
}

// isBank reports whether a bank was made in the directory. Every build made one
// of these two before anything else that is worth keeping.
func (d Dir) isBank() bool {
	for _, path := range []string{d.AdminPassword(), filepath.Join(d.Immudb(), immudb.DefaultDatabase)} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}

// isForeign reports whether an entry says that a directory without a bank is in
// use. A new file system has lost+found, people and tools leave files whose names
// begin with a dot, and the output of `up` is often a log beside the data. A first
// start that was killed leaves the lock, and secrets without a name yet.
func (d Dir) isForeign(entry fs.DirEntry) bool {
	name := entry.Name()
	path := filepath.Join(d.Path, name)
	switch {
	case strings.HasPrefix(name, "."), name == "lost+found":
		return false
	case path == d.lockFile():
		return !isLock(path)
	case path == d.Secrets():
		inside, err := os.ReadDir(path)
		named := func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), ".") }
		return err != nil || slices.ContainsFunc(inside, named)
	}
	return entry.IsDir() || filepath.Ext(name) != ".log"
}

// isLock reports whether a file is a lock of ours: it has a process id, or nothing.
func isLock(path string) bool {
	const maxLock = 20 // bytes
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxLock {
		return false
	}
	text, err := os.ReadFile(path)
	return err == nil && strings.Trim(string(text), "0123456789\n") == ""
}

// removeIfThere removes a file that may be missing.
func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
