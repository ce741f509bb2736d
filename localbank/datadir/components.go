package datadir

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"corebank/components"
	"corebank/internal/atomicfile"
)

// componentsMark begins each file that is written for the sidecars. It tells the
// files of other builds from those of other people.
const componentsMark = "# Written by corebank at each start: what is changed here is lost.\n"

// unmarked are the files that builds before the mark wrote.
var unmarked = []string{"access.yaml", "config.yaml", "livefeed.yaml", "pubsub.yaml", "resiliency.yaml", "sentry.yaml",
	"statestore.yaml"}

// writeComponents replaces the files that the sidecars read.
func (d *Locked) writeComponents() error {
	if err := d.removeComponents(); err != nil {
		return err
	}
	return fs.WalkDir(components.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := components.Files.ReadFile(name)
		if err != nil {
			return err
		}
		return atomicfile.Write(filepath.Join(d.Components(), name), append([]byte(componentsMark), text...), 0o600)
	})
}

// removeComponents removes those of the last start. The sidecars would load what
// somebody else put there, so it is refused, and not removed.
func (d *Locked) removeComponents() error {
	entries, err := os.ReadDir(d.Components())
	if err != nil {
		return err
	}
	var old []string
	for _, entry := range entries {
		path := filepath.Join(d.Components(), entry.Name())
		switch ours, err := isComponent(path, entry); {
		case err != nil:
			return err
		case ours:
			old = append(old, path)
		case slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)):
			return fmt.Errorf("%s was not made by corebank, and the sidecars would load it: move it elsewhere", path)
		}
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// isComponent reports whether an entry is a file that a start of a bank wrote.
func isComponent(path string, entry fs.DirEntry) (bool, error) {
	if !entry.Type().IsRegular() {
		return false, nil
	}
	if slices.Contains(unmarked, entry.Name()) {
		return true, nil
	}
	text, err := os.ReadFile(path)
	return bytes.HasPrefix(text, []byte(componentsMark)), err
}
