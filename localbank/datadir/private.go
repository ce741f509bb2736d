package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// shared are the bits of a mode that let others than the owner in.
const shared fs.FileMode = 0o077

// closeToOthers makes sure that only the owner can use the directory: everything
// of the bank is in it, customers' data and keys included.
func (d Dir) closeToOthers() error {
	if runtime.GOOS == "windows" { // there, the mode says nothing
		return nil
	}
	failed := os.Chmod(d.Path, 0o700)
	info, err := os.Stat(d.Path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&shared == 0 {
		return nil
	}
	return errors.Join(fmt.Errorf("others on this machine can use the data directory %s (%s), "+
		"and that cannot be changed; give a directory of your own, for example --data %s, "+
		"or mount the file system for its owner only (umask=077)",
		d.Path, info.Mode(), filepath.Join(d.Path, "bank")), failed)
}

// closeFiles takes the files of a bank from everybody but their owner. The mode of
// the directory protects them where they are; a copy of them has only their own.
func (d Dir) closeFiles() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return filepath.WalkDir(d.Path, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // a file that came and went
		case err != nil:
			return err
		case path == d.Path:
			return nil
		case filepath.Dir(path) == d.Path && !d.isOurs(entry.Name()):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.IsDir() && !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if err != nil || info.Mode().Perm()&shared == 0 {
			return nil // it has gone, or is closed
		}
		return os.Chmod(path, info.Mode().Perm()&^shared)
	})
}

// isOurs reports whether a name in the directory is one of the bank's.
func (d Dir) isOurs(name string) bool {
	paths := []string{d.Logs(), d.Components(), d.Immudb(), d.NATS(), d.Sockets(), d.Secrets(), d.identity(),
		d.Sessions().Dir, d.RunFile(), d.Targets(), d.Audited(), d.lockFile(), d.partitionsFile(),
		d.machinesFile(), d.placeFile()}
	for _, part := range d.LogParts() {
		paths = append(paths, d.EventSource(part))
	}
	return slices.Contains(paths, filepath.Join(d.Path, name)) || strings.HasPrefix(name, "views") ||
		strings.HasPrefix(name, machinePrefix) ||
		strings.HasPrefix(name, "actors.db") || strings.HasPrefix(name, "names.db")
}
