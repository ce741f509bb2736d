package archive

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"corebank/internal/contract"
)

// Archive is a backup that is read.
type Archive struct {
	Manifest
	dir  string
	open Opener
}

// Open opens the backup in a directory. An encrypted one needs an opener.
func Open(dir string, open Opener) (*Archive, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	switch {
	case m.Encrypted && open == nil:
		return nil, fmt.Errorf("the backup in %s is encrypted: give the file of the key with --identity-file", dir)
	case !m.Encrypted:
		open = nil
	}
	return &Archive{Manifest: *m, dir: dir, open: open}, nil
}

// Records reads the backup: the records of one segment after the other, each validated as a whole. An error names the
// file and ends the sequence.
func (a *Archive) Records() iter.Seq2[[]contract.Record, error] {
	return func(yield func([]contract.Record, error) bool) {
		var before Digest
		for _, s := range a.Segments {
			records, err := a.read(s, before)
			if err != nil {
				err = fmt.Errorf("%s: %w", filepath.Join(a.dir, s.File), err)
			}
			if !yield(records, err) || err != nil {
				return
			}
			before = s.Text
		}
	}
}

// read reads and validates a segment that follows a text.
func (a *Archive) read(s Segment, before Digest) ([]contract.Record, error) {
	content, err := os.ReadFile(filepath.Join(a.dir, s.File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the file is missing, with the positions " +
			fmt.Sprintf("%d to %d: put it back from a copy of the backup", s.First, s.Last))
	}
	if err != nil {
		return nil, err
	}
	whole := int64(len(content)) == s.Bytes && sha256.Sum256(content) == s.SHA256
	h, text, records, err := decode(content, a.open)
	if err == nil {
		err = a.checkSegment(s, before, h, text, records)
	}
	switch {
	case err != nil && whole, mixedUp(err):
		return nil, err
	case !whole:
		return nil, fmt.Errorf("it was damaged: it has %d bytes with the SHA-256 %x, and %d with %s were written; "+
			"put it back from a copy of the backup", len(content), sha256.Sum256(content), s.Bytes, s.SHA256)
	}
	return records, nil
}

// mixedUpError says that a file is whole, but belongs elsewhere.
type mixedUpError string

func (e mixedUpError) Error() string { return string(e) }

func mixedUp(err error) bool {
	var mixed mixedUpError
	return errors.As(err, &mixed)
}

// checkSegment is nil if a segment's file is the one that the manifest lists after a text.
func (m *Manifest) checkSegment(s Segment, before Digest, h Header, text Digest, records []contract.Record) error {
	switch {
	case h.Log != m.Log:
		return mixedUpError(fmt.Sprintf(
			"it belongs to the log %s and this backup is of %s: a file of another bank was put here", h.Log, m.Log))
	case h.First != s.First || h.Last != s.Last:
		return mixedUpError(fmt.Sprintf("it has the positions %d to %d where %d to %d belong: files were mixed up",
			h.First, h.Last, s.First, s.Last))
	case h.Before != before:
		return mixedUpError("it does not follow from the segment before it: one of the two is of another backup")
	case text != s.Text:
		return mixedUpError("it has other records than those that were backed up: it is of another backup")
	case int64(len(records)) != s.Last-s.First+1:
		return fmt.Errorf("it has %d records for the positions %d to %d", len(records), s.First, s.Last)
	}
	for i := range records {
		if want := s.First + int64(i); records[i].Position != want {
			return fmt.Errorf("it has a record of position %d at position %d", records[i].Position, want)
		}
	}
	if mark := records[len(records)-1].Mark(); mark != s.Mark {
		return fmt.Errorf("its last record has the mark %s, not %s", mark, s.Mark)
	}
	return nil
}
