//go:build unix

package output_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"corebank/internal/output"
)

func text(content string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

var errHalfway = errors.New("halfway")

func halfway(w io.Writer) error {
	_, err := io.WriteString(w, strings.Repeat("x", 1<<20))
	return errors.Join(err, errHalfway)
}

// holds checks what a file has, its mode, and that nothing is left beside it.
func holds(t *testing.T, path, want string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s has %q, %v; want %q", path, got, err, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
		t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, mode)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			t.Errorf("%s is left behind", entry.Name())
		}
	}
}

func TestARegularFileIsReplacedAsAWholeAndKeepsItsMode(t *testing.T) {
	for _, mode := range []os.FileMode{0o600, 0o640, 0o644, 0o666} {
		path := filepath.Join(t.TempDir(), "march[1].csv")
		if err := errors.Join(os.WriteFile(path, []byte("before"), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		if err := output.Write(t.Context(), path, nil, halfway); !errors.Is(err, errHalfway) {
			t.Error(err)
		}
		holds(t, path, "before", mode)
		if err := errors.Join(output.Check(path), output.Write(t.Context(), path, nil, text("after"))); err != nil {
			t.Error(err)
		}
		holds(t, path, "after", mode)
	}
}

func TestANewFileHasTheModeOfAnyNewFile(t *testing.T) {
	before := syscall.Umask(0o027)
	defer syscall.Umask(before)
	path := filepath.Join(t.TempDir(), "new.csv")
	if err := output.Write(t.Context(), path, nil, halfway); !errors.Is(err, errHalfway) {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a file is left: %v", err)
	}
	if err := output.Write(t.Context(), path, nil, text("x")); err != nil {
		t.Error(err)
	}
	holds(t, path, "x", 0o640)
}

func TestALinkStaysALink(t *testing.T) {
	folder := t.TempDir()
	link, file := filepath.Join(folder, "latest.csv"), filepath.Join(folder, "data", "march.csv")
	if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o755), os.Symlink("data/march.csv", link)); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"new", "newer"} { // a link to nothing, then to a file
		if err := output.Write(t.Context(), link, nil, text(content)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%v, %v", info, err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != content {
			t.Errorf("%q, %v", got, err)
		}
	}
	circle := filepath.Join(folder, "circle")
	if err := os.Symlink("circle", circle); err != nil {
		t.Fatal(err)
	}
	if err := output.Write(t.Context(), circle, nil, text("x")); err == nil {
		t.Error("a link to itself is written")
	}
}

func TestAFIFOIsWrittenThrough(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := output.Check(path); err != nil {
		t.Error(err)
	}
	read := make(chan string, 1)
	go func() {
		got, err := os.ReadFile(path)
		read <- string(got)
		if err != nil {
			t.Error(err)
		}
	}()
	if err := output.Write(t.Context(), path, nil, text("statement")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "statement" {
		t.Errorf("the reader got %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("it is no FIFO any more: %v, %v", info.Mode(), err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := output.Write(ended, path, nil, text("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("without a reader, after Ctrl-C: %v", err)
	}
}

func TestADeviceIsWrittenThrough(t *testing.T) {
	if err := errors.Join(output.Check(os.DevNull), output.Write(t.Context(), os.DevNull, nil, text("x"))); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Fatalf("it is no device any more: %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		if err := output.Write(t.Context(), "/dev/full", nil, text("x")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("a full device: %v", err)
		}
	}
}

func TestADescriptorIsWrittenWhereItStands(t *testing.T) {
	for _, path := range []string{"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"} {
		var stdout bytes.Buffer
		if err := output.Write(t.Context(), path, &stdout, text("x")); err != nil || stdout.String() != "x" {
			t.Errorf("%s: %q, %v", path, stdout.String(), err)
		}
	}
}

func TestWhatCannotBeWrittenIsKnownBefore(t *testing.T) {
	folder := t.TempDir()
	locked := filepath.Join(folder, "locked.csv")
	if err := os.WriteFile(locked, []byte("x"), 0o400); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a folder": folder, "no folder": filepath.Join(folder, "missing", "x"),
		"a file that its owner may not write": locked} {
		if path == locked && os.Geteuid() == 0 {
			continue // root may write everything
		}
		if err := output.Check(path); err == nil {
			t.Errorf("%s can be written", name)
		}
		if err := output.Write(t.Context(), path, nil, text("y")); err == nil {
			t.Errorf("%s is written", name)
		}
	}
	if err := output.Check(filepath.Join(folder, "new")); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("a check leaves %v, %v", entries, err)
	}
	if err := output.Check(""); err != nil {
		t.Error(err)
	}
}
