package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"corebank/check/torture"
	"corebank/components"
	"corebank/internal/contract"
	"corebank/internal/filelock"
	"corebank/internal/identity/issuer"
	"corebank/internal/secrets"
)

// dataDir is the directory of one bank, locked for this process.
type dataDir struct {
	path   string // absolute
	lock   *filelock.Lock
	people *issuer.Local // who signs in
	set    secrets.Set   // what the parts know each other by, until the next start

	partitions int // of the log
}

// The places in it.
func (d *dataDir) logs() string       { return filepath.Join(d.path, "logs") }
func (d *dataDir) components() string { return filepath.Join(d.path, "components") }
func (d *dataDir) immudb() string     { return filepath.Join(d.path, "immudb") }
func (d *dataDir) nats() string       { return filepath.Join(d.path, "nats") }
func (d *dataDir) sockets() string    { return filepath.Join(d.path, "sockets") }
func (d *dataDir) views() string      { return filepath.Join(d.path, "views.db") }
func (d *dataDir) actors() string     { return filepath.Join(d.path, "actors.db") }
func (d *dataDir) names() string      { return filepath.Join(d.path, "names.db") }
func (d *dataDir) diskFloor() string  { return filepath.Join(d.path, torture.DiskFloorFile) }

func (d *dataDir) secrets() string           { return filepath.Join(d.path, secrets.Folder) }
func (d *dataDir) secret(name string) string { return filepath.Join(d.secrets(), name) }
func (d *dataDir) actorKey() string          { return d.secret("actor-key.pem") }
func (d *dataDir) adminPassword() string     { return d.secret("immudb-admin") }

// openData makes the directory if need be, takes it for this process, and puts
// into it what the parts of a bank with so many partitions need before they
// start.
func openData(dir string, partitions int) (*dataDir, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("--data %s: %w", dir, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, unwritable(path, err)
	}
	lock, err := filelock.Try(filepath.Join(path, "lock"))
	var held *filelock.HeldError
	if errors.As(err, &held) {
		return nil, fmt.Errorf("the data directory %s is in use by another bank, process %d; "+
			"stop that one, or give this one a directory of its own with --data DIR", path, held.PID)
	}
	if err != nil {
		return nil, unwritable(path, err)
	}
	data := &dataDir{path: path, lock: lock, partitions: partitions}
	if err := data.checkPartitions(); err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	if err := data.prepare(); err != nil {
		return nil, errors.Join(unwritable(path, err), lock.Release())
	}
	return data, nil
}

func unwritable(path string, err error) error {
	return fmt.Errorf("the data directory %s cannot be used: %w; give one that can be written with --data DIR", path, err)
}

func (d *dataDir) close() { _ = d.lock.Release() } // the end of the process does the same

func (d *dataDir) prepare() error {
	for _, dir := range []string{d.logs(), d.components(), d.immudb(), d.nats(), d.sockets(), d.secrets()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := makeSecret(d.adminPassword()); err != nil {
		return err
	}
	for _, partition := range d.logParts() {
		err := os.MkdirAll(d.eventsource(partition), 0o700)
		if err = errors.Join(err, makeSecret(d.writerPassword(partition))); err != nil {
			return err
		}
	}
	err := d.notePartitions()
	if err != nil {
		return err
	}
	if d.set, err = secrets.New(time.Now(), contract.PartitionApps(d.partitions)...); err != nil {
		return err
	}
	if err := d.set.Write(d.secrets()); err != nil {
		return err
	}
	d.people, err = issuer.Open(d.path)
	return errors.Join(err, d.forgetNames(), d.writeComponents())
}

// makeSecret writes a new password, by immudb's rules, unless there is one.
func makeSecret(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Four kinds of characters are wanted; the randomness is in the rest.
	password := "Aa1!" + rand.Text()
	return writeWhole(path, []byte(password+"\n"), 0o600)
}

// writeWhole writes a file so that it is there as a whole or not at all.
func writeWhole(path string, content []byte, mode fs.FileMode) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, content, mode); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// forgetNames removes where the sidecars of the last run were to be found:
// this run's are elsewhere.
func (d *dataDir) forgetNames() error {
	var failed error
	for _, file := range []string{d.names(), d.names() + "-wal", d.names() + "-shm"} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// writeComponents writes the files that the sidecars read, and only those.
func (d *dataDir) writeComponents() error {
	old, err := filepath.Glob(filepath.Join(d.components(), "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return os.CopyFS(d.components(), components.Files)
}

// sqliteURI names a file for the SQLite components of Dapr. Whatever is in the
// path is escaped: the URI becomes part of a YAML file.
func sqliteURI(path string, query string) string {
	uri := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: query}
	return uri.String()
}
