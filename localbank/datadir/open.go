package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"corebank/internal/atomicfile"
	"corebank/internal/contract"
	"corebank/internal/filelock"
	"corebank/internal/identity/issuer"
	"corebank/internal/secrets"
)

// Locked is a directory that this process has locked and prepared.
type Locked struct {
	Dir
	Issuer *issuer.Local // signs the tokens of this bank's users
	Tokens secrets.Set   // between the parts, until the next start
	lock   *filelock.Lock
	// machines is how many share the directory; 0 for a bank on one machine, whose
	// data is in the directory itself.
	machines int
	// copied says that the log was copied to where it is, and that no one has made sure of it yet.
	copied bool
}

// Open makes the directory if it is missing, locks it for this process, and
// writes the files that the parts of a bank with so many partitions need before
// they start. It refuses a directory that has something else in it. From then on,
// what this process and its children create is readable by their owner only.
func Open(dir string, partitions int) (*Locked, error) { return open(dir, partitions, 0) }

func open(dir string, partitions, machines int) (_ *Locked, err error) {
	d := &Locked{machines: machines}
	d.Dir, d.lock, err = claim(Dir{Path: dir, Partitions: partitions}, func(d Dir) error {
		return errors.Join(d.checkMember(), d.checkOurs())
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(d.checkPartitions(), d.checkMachines()); err != nil {
		return nil, errors.Join(err, d.lock.Release())
	}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(unwritable(d.Path, err), d.lock.Release())
	}
	return d, nil
}

func unwritable(path string, err error) error {
	return fmt.Errorf("the data directory %s cannot be used: %w; give a directory that can be written with --data DIR",
		path, err)
}

// Close unlocks the directory. The end of the process does the same.
func (d *Locked) Close() { _ = d.lock.Release() }

func (d *Locked) prepare() error {
	if err := errors.Join(os.MkdirAll(d.Secrets(), 0o700), makePassword(d.AdminPassword())); err != nil {
		return err // with it, the directory is a bank's; nothing else is made before
	}
	for _, part := range d.LogParts() {
		if err := makePassword(d.WriterPassword(part)); err != nil {
			return err
		}
	}
	if err := errors.Join(d.writePartitions(), d.writeMachines()); err != nil {
		return err
	}
	var err error
	if d.Tokens, err = secrets.New(time.Now(), d.moreApps()...); err != nil {
		return err
	}
	if err := d.Tokens.Write(d.Secrets()); err != nil {
		return err
	}
	if d.Issuer, err = issuer.Open(d.Path); err != nil {
		return err
	}
	if err := errors.Join(d.Sessions().Clear(), d.removeNames()); err != nil {
		return err
	}
	if d.machines == 0 {
		err = d.prepareData()
	} else {
		_, err = issuer.Key(d.ActorKey()) // the same on all machines
	}
	return errors.Join(err, d.closeFiles())
}

// moreApps are the apps beyond those that every bank has.
func (d *Locked) moreApps() []string {
	return append(contract.PartitionApps(d.Partitions), contract.StandbyEventSources(d.machines)...)
}

// prepareData makes what the parts of one machine need where its data is.
func (d *Locked) prepareData() error {
	folders := []string{d.Logs(), d.Components(), d.Immudb(), d.NATS(), d.Sockets()}
	for _, part := range d.LogParts() {
		folders = append(folders, d.EventSource(part))
	}
	for _, folder := range folders {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	return errors.Join(d.findPlace(), d.writeComponents())
}

// makePassword writes a new password that satisfies immudb's rules, unless the
// file is there.
func makePassword(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return atomicfile.Write(file, []byte(secrets.Password()+"\n"), 0o600)
}

// removeNames removes the addresses of the sidecars of the last run: those of
// this run are others.
func (d *Locked) removeNames() error {
	var failed error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		failed = errors.Join(failed, removeIfThere(d.Names()+suffix))
	}
	return failed
}
