package output

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Stdout is the path that means standard output.
const Stdout = "-"

// buffered is how much is collected for one write, in bytes.
const buffered = 64 << 10

// Check reports whether a path can be written, and changes nothing. It is for
// commands that work long before they write.
func Check(path string) error {
	if path == "" || descriptor(path) >= 0 {
		return nil
	}
	t, err := find(path)
	if err != nil || !t.regular {
		return err
	}
	fresh, err := t.create()
	if err != nil {
		return err
	}
	return errors.Join(fresh.Close(), os.Remove(fresh.Name()))
}

// Write has a function write what belongs into the file at a path. ctx ends the
// wait for a reader of a FIFO.
func Write(ctx context.Context, path string, stdout io.Writer, write func(io.Writer) error) error {
	switch number := descriptor(path); {
	case number == 1:
		return write(stdout)
	case number >= 0:
		return through(os.NewFile(uintptr(number), path), write)
	}
	t, err := find(path)
	if err != nil {
		return err
	}
	if !t.regular {
		file, err := open(ctx, t.path)
		if err != nil {
			return err
		}
		return errors.Join(through(file, write), file.Close())
	}
	return t.replace(write)
}

// descriptor is the number of the open file that a path names; -1 for none. To
// open such a path would begin the file anew.
func descriptor(path string) int {
	switch path {
	case Stdout, "/dev/stdout":
		return 1
	case "/dev/stderr":
		return 2
	}
	for _, folder := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if text, found := strings.CutPrefix(path, folder); found {
			if number, err := strconv.Atoi(text); err == nil && number > 0 {
				return number
			}
		}
	}
	return -1
}

// through writes into an open file.
func through(file *os.File, write func(io.Writer) error) error {
	out := bufio.NewWriterSize(file, buffered)
	if err := write(out); err != nil {
		return err
	}
	return out.Flush()
}

// open opens a device or a FIFO, which waits for a reader.
func open(ctx context.Context, path string) (*os.File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	result := make(chan opened, 1)
	go func() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		result <- opened{file, err}
	}()
	select {
	case got := <-result:
		return got.file, got.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a reader of %s: %w", path, context.Cause(ctx))
	}
}

// target is what a path leads to.
type target struct {
	path    string      // without symbolic links
	regular bool        // a regular file, or nothing yet
	old     fs.FileInfo // nil if there is nothing yet
}

const maxLinks = 40

// find follows symbolic links, also one that leads to a file that is not there.
func find(path string) (target, error) {
	for range maxLinks {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return target{path: path, regular: true}, nil
		case err != nil:
			return target{}, err
		case info.IsDir():
			return target{}, fmt.Errorf("%s is a directory; give the name of a file", path)
		case info.Mode()&fs.ModeSymlink == 0:
			return target{path: path, regular: info.Mode().IsRegular(), old: info}, nil
		}
		next, err := os.Readlink(path)
		if err != nil {
			return target{}, err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return target{}, fmt.Errorf("%s leads from link to link", path)
}

// create makes the file beside the old one that will replace it.
func (t target) create() (*os.File, error) {
	mode := fs.FileMode(0o666) // and what the umask leaves of it, as for any new file
	if t.old != nil {
		// What its owner may not write is not replaced either.
		file, err := os.OpenFile(t.path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
		mode = 0o600 // until it is complete
	}
	for i := 0; ; i++ {
		name := filepath.Join(filepath.Dir(t.path), fmt.Sprintf(".%s.%d-%d", filepath.Base(t.path), os.Getpid(), i))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// replace writes a new file and renames it when it is complete and on the disk.
func (t target) replace(write func(io.Writer) error) error {
	file, err := t.create()
	if err != nil {
		return err
	}
	err = through(file, write)
	if err == nil && t.old != nil {
		keepOwner(file, t.old)
		err = file.Chmod(t.old.Mode().Perm())
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), t.path)
	}
	if err != nil {
		_ = os.Remove(file.Name()) // the first error says what is wrong
	}
	return err
}
