//go:build unix

package supervisor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestChildrenDoNotOutliveAKilledSupervisor(t *testing.T) {
	if !onLinux() {
		t.Skip("only Linux ends the children of a killed process")
	}
	dir := t.TempDir()
	command := actor("supervisor", "supervisor")
	command.Dir = dir
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var child int
	eventually(t, "the child runs", func() bool { child = readPID(dir, "stubborn"); return child != 0 })
	if !alive(child) {
		t.Fatal("the child does not run")
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	eventually(t, "the child is gone", func() bool { return !alive(child) })
}

func TestAnOrphanOfGoRunNotices(t *testing.T) {
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A program called "go", which dies without a word to its child.
	parent := filepath.Join(dir, "go")
	if err := os.Link(program, parent); err != nil {
		t.Skipf("no link to the test binary: %v", err)
	}
	command := actor("middle", "middle")
	command.Path, command.Dir = parent, dir
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var orphan int
	eventually(t, "parent and child run", func() bool {
		orphan = readPID(dir, "orphan")
		return orphan != 0 &&
			readPID(dir, "middle") != 0
	})
	t.Cleanup(func() { _ = syscall.Kill(orphan, syscall.SIGKILL) })
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	eventually(t, "the orphan has ended", func() bool { return !alive(orphan) })
	if got, want := lines(t, filepath.Join(dir, "farewell")), fmt.Sprintf("%q, which started this process, has ended",
		"go"); got[0] != want {
		t.Errorf("it ended because of %q, want %q", got[0], want)
	}
}
