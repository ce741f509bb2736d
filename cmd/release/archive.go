package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

// file is a file of an archive: a program, which is read from a path, or a text.
type file struct {
	name string
	path string // of a program
	text []byte
}

func (f file) mode() int64 {
	if f.path != "" {
		return 0o755
	}
	return 0o644
}

// open returns the content and its size.
func (f file) open() (io.ReadCloser, int64, error) {
	if f.path == "" {
		return io.NopCloser(bytes.NewReader(f.text)), int64(len(f.text)), nil
	}
	opened, err := os.Open(f.path)
	if err != nil {
		return nil, 0, err
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, opened.Close())
	}
	return opened, info.Size(), nil
}

// writeArchive writes files into a folder of an archive, a zip or a tar.gz by its
// name. Every file has the same date and belongs to no one, so that equal files
// make equal archives.
func writeArchive(name, folder string, date time.Time, files []file) (size int64, err error) {
	out, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	write := writeTar
	if strings.HasSuffix(name, ".zip") {
		write = writeZip
	}
	if err := errors.Join(write(out, folder, date, files), out.Close()); err != nil {
		return 0, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func writeTar(out io.Writer, folder string, date time.Time, files []file) error {
	packed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(packed)
	for _, f := range files {
		content, size, err := f.open()
		if err != nil {
			return err
		}
		defer content.Close()
		header := &tar.Header{Name: path.Join(folder, f.name), Typeflag: tar.TypeReg, Size: size, Mode: f.mode(),
			ModTime: date, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(archive, content); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), packed.Close())
}

func writeZip(out io.Writer, folder string, date time.Time, files []file) error {
	archive := zip.NewWriter(out)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, f := range files {
		content, _, err := f.open()
		if err != nil {
			return err
		}
		defer content.Close()
		header := &zip.FileHeader{Name: path.Join(folder, f.name), Method: zip.Deflate, Modified: date}
		header.SetMode(os.FileMode(f.mode()))
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := io.Copy(entry, content); err != nil {
			return err
		}
	}
	return archive.Close()
}
