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
	// Locked is the directory with the restored log, prepared like any other: the bank's own or, on several machines, that
	// of the first. Bank is the bank's own. Its secrets are new.
	*Locked
	Bank   *Locked
	target Dir
	lock   *filelock.Lock
}

// restoring is the folder. What begins with a dot does not make a directory a bank's, nor somebody else's.
const restoring = ".restoring"

// OpenVacant makes the directory if it is missing, locks it, and refuses one that has a bank or anything else in it.
func OpenVacant(dir string, partitions, machines int) (*Vacant, error) {
	target, lock, err := claim(Dir{Path: dir, Partitions: partitions}, Dir.checkVacant)
	if err != nil {
		return nil, err
	}
	v := &Vacant{target: target, lock: lock}
	inside := filepath.Join(target.Path, restoring)
	if err = os.RemoveAll(inside); err == nil { // of a restore that was interrupted
		err = v.open(inside, partitions, machines)
	}
	if err != nil {
		return nil, errors.Join(unwritable(target.Path, err), lock.Release())
	}
	return v, nil
}

// open prepares the folder. Of several machines only the first has the log: the others copy it.
func (v *Vacant) open(inside string, partitions, machines int) (err error) {
	if machines <= 1 {
		v.Bank, err = Open(inside, partitions)
		v.Locked = v.Bank
		return err
	}
	bank, err := OpenMachines(inside, machines)
	if err != nil {
		return err
	}
	v.Bank = bank.Locked
	if v.Locked, err = bank.Machine(1); err != nil {
		v.Bank.Close()
	}
	return err
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
		path := filepath.Join(d.Path, entry.Name())
		ofRestore := interrupted && (path == d.partitionsFile() || path == d.machinesFile())
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
	v.Bank.Close()
	from := v.Bank.Dir
	if err := removeIfThere(from.lockFile()); err != nil {
		return err
	}
	entries, err := os.ReadDir(from.Path)
	if err != nil {
		return err
	}
	logFolder := filepath.Base(from.Immudb())
	if v.Locked != v.Bank {
		logFolder = filepath.Base(v.Path)
	}
	names := []string{filepath.Base(from.partitionsFile()), filepath.Base(from.machinesFile()), logFolder}
	for _, entry := range entries {
		if !slices.Contains(names, entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	for _, name := range names {
		err := os.Rename(filepath.Join(from.Path, name), filepath.Join(v.target.Path, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("move what was restored to where the bank looks for it: %w", err)
		}
	}
	return errors.Join(os.Remove(from.Path), v.lock.Release())
}

// Discard removes what was restored, unless Finish came first.
func (v *Vacant) Discard() error {
	v.Bank.Close()
	return errors.Join(os.RemoveAll(v.Bank.Path), v.lock.Release())
}
