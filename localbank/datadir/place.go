package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"corebank/eventsource/immudb"
	"corebank/internal/atomicfile"
)

// A directory that was copied while its bank ran has files of different moments, and nothing in them says so. So there
// is a file beside the log's databases that is never written again: no copy of it has its identity, which is noted in
// another file. A directory that was renamed, or is in a snapshot of its file system, keeps it.

const anchorText = "This file tells the log beside it from its copies. Do not change it.\n"

func (d Dir) anchor() string    { return filepath.Join(d.Immudb(), "place") }
func (d Dir) placeFile() string { return filepath.Join(d.Path, "place.json") }

// home is where a log is.
type home struct {
	Log  string `json:"log"`  // the identity of the file beside it
	Data string `json:"data"` // the directory, when that was noted
}

// readPlace reads the identity of the file beside the log, and what was noted of it. They are empty if there is none.
func (d Dir) readPlace() (is string, noted home, err error) {
	if is, err = identify(d.anchor()); errors.Is(err, fs.ErrNotExist) {
		is, err = "", nil
	}
	if err != nil {
		return is, noted, err
	}
	text, err := os.ReadFile(d.placeFile())
	if errors.Is(err, fs.ErrNotExist) {
		return is, noted, nil
	}
	if err == nil && json.Unmarshal(text, &noted) != nil {
		noted = home{Log: "unreadable"} // a copy in part: the log is made sure of
	}
	return is, noted, err
}

// findPlace finds out whether the log was copied to where it is. A log that is new, or of a build that noted no place,
// is where it is.
func (d *Locked) findPlace() error {
	is, noted, err := d.readPlace()
	if err != nil {
		return err
	}
	if is == "" && noted.Log == "" {
		return d.Settle()
	}
	d.copied = is != noted.Log
	return nil
}

// Copied reports whether the log was copied to where it is, file by file, and no one has made sure of it since.
func (d *Locked) Copied() bool { return d.copied }

// isCopy is Copied for those who only look.
func (d Dir) isCopy() bool {
	is, noted, err := d.readPlace()
	return err == nil && is != noted.Log
}

// CheckCopy refuses a copy that cannot be opened at all.
func (d *Locked) CheckCopy() error {
	if _, err := os.Stat(filepath.Join(d.Immudb(), immudb.DefaultDatabase)); err != nil {
		return fmt.Errorf("the directory %[1]s has no log, and had one: put %[2]s back from where it was copied, "+
			"or restore the bank from a backup (%[3]w)", d.Path, d.Immudb(), err)
	}
	_, noted, err := d.readPlace()
	if err != nil || !strings.HasPrefix(filepath.Base(d.Path), machinePrefix) {
		return err
	}
	if from := (Dir{Path: filepath.Dir(noted.Data)}); noted.Data != "" && from.Runs() {
		return fmt.Errorf("the directory is a copy of the bank in %s, which runs: its machines would take this one for "+
			"one of them; stop that bank first, or make another one of a backup", from.Path)
	}
	return nil
}

// Forget removes what the bank makes again from its log: views, snapshots, the index of idempotency keys, and the
// broker's topic.
func (d *Locked) Forget() error {
	entries, err := os.ReadDir(d.Path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); entry.Type().IsRegular() && d.isOurs(name) &&
			(strings.HasPrefix(name, "views") || strings.HasPrefix(name, "actors.db")) {
			err = errors.Join(err, os.Remove(filepath.Join(d.Path, name)))
		}
	}
	folders := []string{d.NATS()}
	for _, part := range d.LogParts() {
		folders = append(folders, d.EventSource(part))
	}
	for _, folder := range folders {
		err = errors.Join(err, os.RemoveAll(folder), os.MkdirAll(folder, 0o700))
	}
	return err
}

// Settle notes that the log is where it is, and right.
func (d *Locked) Settle() error {
	if err := atomicfile.WriteDurably(d.anchor(), []byte(anchorText), 0o600); err != nil {
		return err
	}
	is, err := identify(d.anchor())
	if err != nil {
		return err
	}
	text, err := json.Marshal(home{Log: is, Data: d.Path})
	if err != nil {
		return err
	}
	d.copied = false
	return atomicfile.WriteDurably(d.placeFile(), append(text, '\n'), 0o600)
}
