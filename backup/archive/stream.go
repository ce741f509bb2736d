package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Stream writes a whole backup as a tar archive of its files, the manifest last: unpacked, it is one in a directory.
func Stream(out io.Writer, of Origin, seal Sealer, now func() time.Time) *Writer {
	m := Manifest{Format: format, Origin: of, Encrypted: seal != nil}
	return &Writer{Manifest: m, seal: seal, now: now, to: &stream{out: tar.NewWriter(out), now: now}}
}

type stream struct {
	out *tar.Writer
	now func() time.Time
}

func (s *stream) segment(name string, content []byte) error {
	err := s.out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: s.now()})
	if err == nil {
		_, err = s.out.Write(content)
	}
	return err
}

func (s *stream) manifest(m *Manifest, done bool) error {
	if !done {
		return nil
	}
	text, err := m.encode()
	if err != nil {
		return err
	}
	return errors.Join(s.segment(manifestName, text), s.out.Close())
}

func (s *stream) close() error { return nil }

// Unpack unpacks what Stream wrote into an empty directory.
func Unpack(in io.Reader, dir string) error {
	for files := tar.NewReader(in); ; {
		file, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the stream is not that of a whole backup: %w", err)
		}
		if file.Typeflag != tar.TypeReg || file.Name != manifestName && !isSegment(file.Name) {
			return fmt.Errorf("the stream has %q, which is not of a backup", file.Name)
		}
		if err := unpackFile(files, filepath.Join(dir, filepath.Base(file.Name))); err != nil {
			return fmt.Errorf("unpack %s: %w", file.Name, err)
		}
	}
}

func unpackFile(from io.Reader, path string) error {
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
