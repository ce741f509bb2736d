//go:build unix

package supervisor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"corebank/localbank/supervisor"
)

// The test binary plays the children too: roleVariable says which part, in
// the directory that the process runs in.
const (
	roleVariable = "SUPERVISOR_TEST_ROLE"
	nameVariable = "SUPERVISOR_TEST_NAME"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	play, ok := map[string]func(name string) error{
		"server":     serve,
		"stubborn":   ignoreRequests,
		"broken":     breakDown,
		"nervous":    breakDownOnce,
		"parent":     haveChild,
		"supervisor": supervise,
		"middle":     startOrphan,
		"orphan":     followParent,
	}[role]
	if !ok {
		fmt.Fprintln(os.Stderr, "unknown role", role)
		os.Exit(2)
	}
	if err := play(os.Getenv(nameVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// serve is ready when <name>.pid is there, and writes its name to "order"
// when it is asked to end.
func serve(name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	fmt.Println("serving as", name)
	if err := writePID(name, os.Getpid()); err != nil {
		return err
	}
	<-ctx.Done()
	return appendLine("order", name)
}

func ignoreRequests(name string) error {
	requests := make(chan os.Signal, 1)
	signal.Notify(requests, syscall.SIGTERM, syscall.SIGINT)
	if err := writePID(name, os.Getpid()); err != nil {
		return err
	}
	for range requests {
		fmt.Println("no")
	}
	return nil
}

func breakDown(string) error { return errors.New("the cellar is flooded") }

// breakDownOnce dies at its first start only.
func breakDownOnce(name string) error {
	if _, err := os.Stat("calmed"); err != nil {
		return errors.Join(appendLine("calmed", "yes"), errors.New("it is too dark"))
	}
	return serve(name)
}

// haveChild starts a stubborn child of its own and ends when asked to, without
// a thought for the child.
func haveChild(name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	child := actor("stubborn", "grandchild")
	if err := child.Start(); err != nil {
		return err
	}
	if err := writePID(name, os.Getpid()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// supervise runs a group with a stubborn child until it is killed.
func supervise(string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	group, err := supervisor.New(".", func(supervisor.Event) {}, supervisor.Process{
		Name: "stubborn", Command: program, Env: environment("stubborn", "stubborn")})
	if err != nil {
		return err
	}
	return group.Run(context.Background(), func() {})
}

// startOrphan is a parent that does nothing more for its child.
func startOrphan(name string) error {
	if err := actor("orphan", "orphan").Start(); err != nil {
		return err
	}
	if err := writePID(name, os.Getpid()); err != nil {
		return err
	}
	never := make(chan os.Signal, 1)
	signal.Notify(never, syscall.SIGUSR1)
	<-never
	return nil
}

// followParent ends in order when a parent called "go" ends, and says why.
func followParent(name string) error {
	ctx, cancel := supervisor.WithParent(context.Background(), "go")
	defer cancel()
	if err := writePID(name, os.Getpid()); err != nil {
		return err
	}
	<-ctx.Done()
	return appendLine("farewell", context.Cause(ctx).Error())
}

// actor is a command that plays a role in this process's directory.
func actor(role, name string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	command := exec.Command(program)
	command.Env = environment(role, name)
	return command
}

func environment(role, name string) []string {
	// Under the race detector a program ends a second late unless it is configured not to.
	return []string{roleVariable + "=" + role, nameVariable + "=" + name, "GORACE=atexit_sleep_ms=0"}
}

func writePID(name string, pid int) error {
	if err := os.WriteFile(name+".new", []byte(strconv.Itoa(pid)), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name+".pid")
}

func appendLine(file, line string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}

// readPID is the process id that a child has written, 0 while there is none.
func readPID(dir, name string) int {
	text, err := os.ReadFile(filepath.Join(dir, name+".pid"))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(string(text))
	return pid
}

// alive reports whether a process runs. One that has ended and whose parent
// has not asked for it does not run.
func alive(pid int) bool {
	if pid <= 0 || syscall.Kill(pid, 0) != nil {
		return false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) || !onLinux()
	}
	_, state, _ := bytes.Cut(status, []byte(") "))
	return !bytes.HasPrefix(state, []byte("Z"))
}

func onLinux() bool { _, err := os.Stat("/proc/self/stat"); return err == nil }

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}
