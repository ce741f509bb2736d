package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corebank/internal/atomicfile"
	"corebank/internal/contract"
	"corebank/internal/filelock"
)

// Writer adds records to a backup.
type Writer struct {
	Manifest
	// Records and Files are how many it has added.
	Records int64
	Files   int

	seal    Sealer
	waiting []contract.Record
	now     func() time.Time
	to      target
}

// target is where a backup is written.
type target interface {
	// segment makes a file durable.
	segment(name string, content []byte) error
	// manifest replaces the manifest. done says that nothing follows.
	manifest(m *Manifest, done bool) error
	close() error
}

// lockName is the file of the lock: one process at a time adds to a backup.
const lockName = "lock"

// Append opens the backup in a directory to add to it, or begins one there. Everything is encrypted if there is a
// sealer: of one backup all or nothing. Close ends it.
func Append(dir string, of Origin, seal Sealer, now func() time.Time) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := checkForeign(dir); err != nil {
		return nil, err
	}
	lock, err := filelock.Try(filepath.Join(dir, lockName))
	if held := (*filelock.HeldError)(nil); errors.As(err, &held) {
		return nil, fmt.Errorf("another backup into %s is running, process %d: wait for it, or give another --out",
			dir, held.PID)
	}
	if err != nil {
		return nil, err
	}
	w := &Writer{seal: seal, now: now, to: &directory{path: dir, lock: lock}}
	found, err := readManifest(dir)
	switch {
	case errors.Is(err, ErrNone):
		w.Manifest = Manifest{Format: format, Origin: of, Encrypted: seal != nil}
	case err != nil:
		return nil, errors.Join(err, lock.Release())
	default:
		w.Manifest = *found
		if err := w.checkAppend(dir, of, seal != nil); err != nil {
			return nil, errors.Join(err, lock.Release())
		}
	}
	return w, nil
}

// checkForeign refuses a directory that has something else than a backup.
func checkForeign(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		ours := name == manifestName || name == lockName || isSegment(name) || strings.HasPrefix(name, ".") ||
			name == "lost+found"
		if !ours {
			return fmt.Errorf("%s has %q, which is not of a backup; nothing was written: give a directory of its own, "+
				"for example --out %s", dir, name, filepath.Join(dir, "backup"))
		}
	}
	return nil
}

// checkAppend refuses to add to a backup of something else, or in another way.
func (m *Manifest) checkAppend(dir string, of Origin, encrypted bool) error {
	switch {
	case m.Log != of.Log:
		return fmt.Errorf("%s has a backup of another bank, whose log is %s; this one's is %s: give another --out",
			dir, m.Log, of.Log)
	case m.Partitions != of.Partitions:
		return fmt.Errorf("%s has a backup of a log with --partitions %d: give another --out", dir, m.Partitions)
	case m.Encrypted && !encrypted:
		return fmt.Errorf("the backup in %s is encrypted: give --recipient-file, or another --out", dir)
	case !m.Encrypted && encrypted && len(m.Segments) > 0:
		return fmt.Errorf("the backup in %s is not encrypted: leave --recipient-file out, or give another --out", dir)
	}
	m.Encrypted = encrypted
	return nil
}

// Add adds the records that follow.
func (w *Writer) Add(records []contract.Record) error {
	next := w.End().Position + int64(len(w.waiting)) + 1
	for i := range records {
		if want := next + int64(i); records[i].Position != want {
			return fmt.Errorf("the log gave position %d where %d follows", records[i].Position, want)
		}
	}
	w.waiting = append(w.waiting, records...)
	for {
		n, full := fill(w.waiting)
		if !full {
			return nil
		}
		if err := w.write(n); err != nil {
			return err
		}
	}
}

// write writes the first records that wait as a segment.
func (w *Writer) write(n int) error {
	s, content, err := encode(w.Origin, w.text(), w.waiting[:n], w.seal)
	if err != nil {
		return err
	}
	if err := w.to.segment(s.File, content); err != nil {
		return fmt.Errorf("write %s: %w", s.File, err)
	}
	w.Segments, w.Made = append(w.Segments, s), w.now().UTC().Truncate(time.Millisecond)
	w.waiting = append(w.waiting[:0], w.waiting[n:]...)
	w.Records, w.Files = w.Records+int64(n), w.Files+1
	return w.to.manifest(&w.Manifest, false)
}

// Finish writes what waits.
func (w *Writer) Finish() error {
	if len(w.waiting) > 0 {
		if err := w.write(len(w.waiting)); err != nil {
			return err
		}
	}
	return w.to.manifest(&w.Manifest, true)
}

// Close ends the writing. What was not finished is not in the backup.
func (w *Writer) Close() error { return w.to.close() }

// directory is a backup in a directory.
type directory struct {
	path string
	lock *filelock.Lock
}

func (d *directory) segment(name string, content []byte) error {
	return atomicfile.WriteDurably(filepath.Join(d.path, name), content, 0o600)
}

func (d *directory) manifest(m *Manifest, _ bool) error {
	text, err := m.encode()
	if err != nil {
		return err
	}
	return atomicfile.WriteDurably(filepath.Join(d.path, manifestName), text, 0o600)
}

func (d *directory) close() error { return d.lock.Release() }
