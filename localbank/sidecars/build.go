package sidecars

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"corebank/internal/filelock"
	"corebank/localbank/supervisor"
)

// lockPause is the pause between attempts to get the lock for building.
const lockPause = 250 * time.Millisecond

// BuildError says that the programs could not be built.
type BuildError struct {
	Source string
	Err    error
	// Lines are the last lines that the go tool wrote.
	Lines []string
}

func (e *BuildError) Error() string {
	text := fmt.Sprintf("Dapr's sidecar could not be built from %s: %v", e.Source, e.Err)
	if len(e.Lines) > 0 {
		text += "; the last lines of the go tool:\n  " + strings.Join(e.Lines, "\n  ")
	}
	return text
}

func (e *BuildError) Unwrap() error { return e.Err }

// built returns the programs of a source, from the cache if they are there.
func (f Finder) built(ctx context.Context, source string) (Programs, error) {
	name, err := key(source)
	if err != nil {
		return Programs{}, err
	}
	dir := filepath.Join(f.Cache, name)
	if found, err := inspect(ctx, dir); err == nil {
		return found, nil
	}
	if err := os.MkdirAll(f.Cache, 0o755); err != nil {
		return Programs{}, fmt.Errorf("make a directory for building Dapr's sidecar: %w; "+
			"set XDG_CACHE_HOME to a directory that can be written", err)
	}
	lock, err := f.awaitLock(ctx, dir+".lock")
	if err != nil {
		return Programs{}, err
	}
	defer func() { _ = lock.Release() }()
	if found, err := inspect(ctx, dir); err == nil {
		return found, nil // another process has built it meanwhile
	}
	if err := f.build(ctx, source, dir); err != nil {
		return Programs{}, err
	}
	return inspect(ctx, dir)
}

// awaitLock waits until no other process builds the same source.
func (f Finder) awaitLock(ctx context.Context, path string) (*filelock.Lock, error) {
	for {
		lock, err := filelock.Try(path)
		var held *filelock.HeldError
		if !errors.As(err, &held) {
			return lock, err
		}
		f.Report(Progress{Step: fmt.Sprintf("waiting for another corebank (process %d), which is building it", held.PID)})
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// build builds the source into dir, as a whole or not at all.
func (f Finder) build(ctx context.Context, source, dir string) error {
	tool, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("Dapr's sidecar cannot be built without the go tool: %w; install Go, "+
			"or install daprd, placement and sentry %s and set COREBANK_DAPRD_DIR to their directory", err, Minor)
	}
	// This process has the lock, so these files are left from a build that was killed.
	fresh := dir + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.RemoveAll(dir)); err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := os.Mkdir(fresh, 0o755); err != nil {
		return err
	}
	daprd := filepath.Join(fresh, executable("daprd"))
	if err := (compilation{tool, source, f.Report}).run(ctx, daprd); err != nil {
		return err
	}
	// One program is all three: its name says which one it is.
	for _, name := range []string{"placement", "sentry"} {
		if err := sameProgram(daprd, filepath.Join(fresh, executable(name))); err != nil {
			return err
		}
	}
	if _, err := inspect(ctx, fresh); err != nil {
		return &BuildError{Source: source, Err: err}
	}
	return os.Rename(fresh, dir)
}

// sameProgram gives a program a second name, or copies it where a file can have
// only one.
func sameProgram(program, name string) error {
	if os.Link(program, name) == nil {
		return nil
	}
	from, err := os.Open(program)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// compilation is a run of the go tool over a source.
type compilation struct {
	tool   string
	source string
	report func(Progress)
}

func (c compilation) run(ctx context.Context, output string) error {
	// Listing the packages downloads and counts them.
	listing := &outputReader{report: c.report, step: Downloading}
	c.report(Progress{Step: listing.step})
	var packages counter
	if err := c.goTool(ctx, &packages, listing, "list", "-deps", "."); err != nil {
		return c.failed(ctx, err, listing)
	}
	building := &outputReader{report: c.report, step: Compiling, total: packages.lines}
	c.report(Progress{Step: building.step, Total: building.total})
	err := c.goTool(ctx, building, building,
		slices.Concat([]string{"build", "-v", "-buildvcs=false", "-ldflags=-s -w"}, alike(), []string{"-o", output, "."})...)
	if err != nil {
		return c.failed(ctx, err, building)
	}
	return nil
}

// alike is the flag for packages that are compiled as those of this program were.
// Both have hundreds in common, and they are in the go tool's cache if this one was
// just built in a clone.
func alike() []string {
	build, known := debug.ReadBuildInfo()
	if known && slices.Contains(build.Settings, debug.BuildSetting{Key: "-trimpath", Value: "true"}) {
		return []string{"-trimpath"}
	}
	return nil
}

// goTool runs the go tool in the source, in an environment where the result
// depends on the source, and runs on machines without a C library.
func (c compilation) goTool(ctx context.Context, stdout, stderr io.Writer, arguments ...string) error {
	command := exec.CommandContext(ctx, c.tool, arguments...)
	command.Dir = c.source
	command.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=", "CGO_ENABLED=0")
	command.Stdout, command.Stderr = stdout, stderr
	return supervisor.RunTool(command)
}

func (c compilation) failed(ctx context.Context, err error, output *outputReader) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &BuildError{Source: c.source, Err: err, Lines: output.last}
}
