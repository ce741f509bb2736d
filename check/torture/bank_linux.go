package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"corebank/internal/app"
)

// launch starts a command out of reach of a Ctrl-C at the terminal, and has it
// asked to end should this process die. ended is closed when it has ended.
func launch(command *exec.Cmd) (ended chan struct{}, err error) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	ended = make(chan struct{})
	started := make(chan error)
	go func() {
		// The system minds the end of the thread that started the child, not of
		// the process: this one lives as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // how it ended is in ProcessState
			close(ended)
		}
	}()
	return ended, <-started
}

// Supported is the reason why this system cannot be tortured; nil if it can.
func Supported() error { return nil }

// parts are the processes of the bank by name.
func (p *process) parts() map[string]int {
	found := make(map[string]int)
	entries, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for _, path := range entries {
		pid, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		if s, runs := statusOf(pid); !runs || s.parent != p.command.Process.Pid {
			continue
		}
		if part := partOf(p.arguments(pid)); part != "" {
			found[part] = pid
		}
	}
	return found
}

// status is what tells processes apart, of which a later one may have the
// number of an earlier one.
type status struct {
	parent int
	began  uint64 // in ticks since the machine started
}

// statusOf tells whether a process runs. One that is being ended still does: its
// arguments are gone before its ports and files are.
func statusOf(pid int) (s status, runs bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return status{}, false
	}
	// pid (name) state parent …, where the name may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const state, parent, began = 0, 1, 19 // proc(5) counts them from 3
	if len(fields) <= began || fields[state] == "Z" || fields[state] == "X" {
		return status{}, false
	}
	s.parent, err = strconv.Atoi(fields[parent])
	if err == nil {
		s.began, err = strconv.ParseUint(fields[began], 10, 64)
	}
	return s, err == nil
}

func (p *process) arguments(pid int) []string { return procStrings(pid, "cmdline") }

// environment is what a process was started with.
func (p *process) environment(pid int) []string { return procStrings(pid, "environ") }

func procStrings(pid int, file string) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
}

// signal sends a signal to one part and returns its process id.
func (p *process) signal(part string, signal syscall.Signal) (int, error) {
	pid := p.parts()[part]
	if pid == 0 {
		return 0, fmt.Errorf("%s does not run", part)
	}
	return pid, syscall.Kill(pid, signal)
}

func (p *process) kill(part string) (int, error)   { return p.signal(part, syscall.SIGKILL) }
func (p *process) freeze(part string) (int, error) { return p.signal(part, syscall.SIGSTOP) }
func thaw(pid int) error                           { return syscall.Kill(pid, syscall.SIGCONT) }

// limitFiles has every write of a process to a file fail, as it does on a full
// disk, or ends that. The limit is on the size of files, which takes no rights:
// a write at or beyond it fails, and all are.
func limitFiles(pid int, limited bool) error {
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &limit); err != nil {
		return gone(err)
	}
	if limit.Cur = limit.Max; limited {
		limit.Cur = 0
	}
	return gone(unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil))
}

// gone is nil for the error that says that a process has ended.
func gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// killAll kills everything at once, and returns when nothing is left.
func (p *process) killAll(ctx context.Context) error {
	parts := p.parts()
	were := make(map[int]status, len(parts))
	for _, pid := range parts {
		were[pid], _ = statusOf(pid)
	}
	_ = p.command.Process.Kill() // it may have ended
	for _, pid := range parts {
		_ = syscall.Kill(pid, syscall.SIGKILL) // the system kills them with their parent
	}
	<-p.ended
	for part, pid := range parts {
		for now, runs := statusOf(pid); runs && now.began == were[pid].began; now, runs = statusOf(pid) {
			if !app.Pause(ctx, watchTick) {
				return fmt.Errorf("%s (process %d) was killed and is still there", part, pid)
			}
		}
	}
	return nil
}

// awaitAnother waits until a part runs as another process than the dead one.
func (p *process) awaitAnother(ctx context.Context, part string, dead int) error {
	began := time.Now()
	for {
		if pid := p.parts()[part]; pid != 0 && pid != dead {
			return nil
		}
		if !app.Pause(ctx, watchTick) {
			return fmt.Errorf("%s was not started again within %v", part, time.Since(began).Round(time.Second))
		}
	}
}
