package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"corebank/internal/filelock"
)

// Vacant is a directory that has no bank yet, in which one is being restored. What is restored is in a folder of the
// directory until Finish: a restore that is interrupted leaves no bank.
type Vacant struct {
	// Locked is the restored bank's own directory, prepared like any other: its secrets are new.
	*Locked
	target Dir
	lock   *filelock.Lock
}

// restoring is the folder. What begins with a dot does not make a directory a bank's, nor somebody else's.
const restoring = ".restoring"

// OpenVacant makes the directory if it is missing, locks it, and refuses one that has a bank or anything else in it.
func OpenVacant(dir string, partitions int) (*Vacant, error) {
	target, lock, err := claim(Dir{Path: dir, Partitions: partitions}, Dir.checkVacant)
	if err != nil {
		return nil, err
	}
	v := &Vacant{target: target, lock: lock}
	inside := filepath.Join(target.Path, restoring)
	if err = os.RemoveAll(inside); err == nil { // of a restore that was interrupted
		v.Locked, err = Open(inside, partitions)
	}
	if err != nil {
		return nil, errors.Join(unwritable(target.Path, err), lock.Release())
	}
	return v, nil
}

// checkVacant refuses a directory that has a bank or something else.
func (d Dir) checkVacant() error {
	if d.isBank() {
		return fmt.Errorf("the directory %[1]s has a bank already, and nothing was changed in it; "+
			"give an empty one, for example --data %[1]s-restored", d.Path)
	}
	entries, err := os.ReadDir(d.Path)
	if err != nil {
		return unwritable(d.Path, err)
	}
	_, err = os.Stat(filepath.Join(d.Path, restoring))
	interrupted := err == nil
	for _, entry := range entries {
		ofRestore := interrupted && filepath.Join(d.Path, entry.Name()) == d.partitionsFile()
		if !ofRestore && d.isForeign(entry) {
			return fmt.Errorf("the directory %[1]s is not empty: it has %[2]q; nothing was changed in it; "+
				"give an empty one, for example --data %[3]s", d.Path, entry.Name(), filepath.Join(d.Path, "bank"))
		}
	}
	return nil
}

// Finish makes the directory that of the restored bank. The log is the last of what a bank needs: before it, a start is
// refused; after it, the rest is made again.
func (v *Vacant) Finish() error {
	v.Locked.Close()
	if err := removeIfThere(v.lockFile()); err != nil {
		return err
	}
	entries, err := os.ReadDir(v.Path)
	if err != nil {
		return err
	}
	names := []string{filepath.Base(v.partitionsFile()), filepath.Base(v.Immudb())}
	for _, entry := range entries {
		if !slices.Contains(names, entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	for _, name := range names {
		err := os.Rename(filepath.Join(v.Path, name), filepath.Join(v.target.Path, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("move what was restored to where the bank looks for it: %w", err)
		}
	}
	return errors.Join(os.Remove(v.Path), v.lock.Release())
}

// Discard removes what was restored, unless Finish came first.
func (v *Vacant) Discard() error {
	v.Locked.Close()
	return errors.Join(os.RemoveAll(v.Path), v.lock.Release())
}
