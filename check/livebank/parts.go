package livebank

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"corebank/internal/app"
)

// Parts are the processes of a bank, as `corebank up` names them. Of a log with
// several partitions, the event source of each has its number at the end.
var Parts = []string{
	"server", "server-sidecar", "actor", "actor-sidecar", "eventsource", "eventsource-sidecar",
	"projector", "projector-sidecar", "immudb", "nats", "placement", "sentry",
}

// Snapshot are all processes that run, by id. One that is being ended does: its
// arguments are gone before its ports and files are.
func Snapshot() map[int]procfs.ProcStat {
	all, _ := procfs.AllProcs() // none where there is no /proc
	running := make(map[int]procfs.ProcStat, len(all))
	for _, p := range all {
		if s, err := p.Stat(); err == nil && s.State != "Z" && s.State != "X" {
			running[p.PID] = s
		}
	}
	return running
}

// PID is the process of corebank up.
func (b *Bank) PID() int { return b.command.Process.Pid }

// Parts are the parts that run now, with their processes.
func (b *Bank) Parts() map[string]int {
	parts := make(map[string]int)
	for pid, s := range Snapshot() {
		if s.PPID != b.PID() {
			continue
		}
		if part := partOf(Arguments(pid)); part != "" {
			parts[part] = pid
		}
	}
	return parts
}

// Arguments is the command line of a process; nil if it does not run.
func Arguments(pid int) []string {
	p, _ := procfs.NewProc(pid)
	arguments, _ := p.CmdLine()
	return arguments
}

// partOf is the part that a command line runs; empty for none.
func partOf(arguments []string) string {
	if len(arguments) < 2 {
		return ""
	}
	part := arguments[1]
	if program := filepath.Base(arguments[0]); program == "placement" || program == "sentry" {
		part = program
	}
	for _, argument := range arguments {
		switch flag, value, _ := strings.Cut(argument, "="); {
		case flag == "--app-id":
			return value + "-sidecar"
		case flag == "--partition" && value != "0":
			return part + "-" + value
		}
	}
	if !slices.Contains(Parts, part) {
		return ""
	}
	return part
}

func signal(pid int, signal os.Signal) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Signal(signal)
}

// Signal sends a signal to a part and returns its process.
func (b *Bank) Signal(part string, s os.Signal) (pid int, err error) {
	if pid = b.Parts()[part]; pid == 0 {
		return 0, fmt.Errorf("%s does not run", part)
	}
	return pid, signal(pid, s)
}

// AwaitAnother waits until a part runs as another process than the dead one.
func (b *Bank) AwaitAnother(ctx context.Context, part string, dead int) error {
	began := time.Now()
	for pid := 0; pid == 0 || pid == dead; pid = b.Parts()[part] {
		if !app.Pause(ctx, tick) {
			return fmt.Errorf("%s was not started again within %v", part, time.Since(began).Round(time.Second))
		}
	}
	return nil
}

// EnvironmentOf is what a process was started with.
func EnvironmentOf(pid int) []string {
	p, _ := procfs.NewProc(pid)
	environment, _ := p.Environ()
	return environment
}
