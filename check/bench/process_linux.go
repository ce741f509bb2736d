package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: every Linux that Go runs on has 100 a second.
const tick = 10 * time.Millisecond

// cpuOf is the processor time of a process; false if it does not run.
func cpuOf(pid int) (time.Duration, bool) {
	fields := stat(pid)
	if len(fields) < 13 {
		return 0, false
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, false
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err == nil
}

// stat is /proc's line about a process, from its state on: the name before that
// may contain anything.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// memoryOf is the resident memory of a process in bytes; false if it does not run.
func memoryOf(pid int) (int64, bool) { return memoryField(pid, "VmRSS") }

// ownMemoryOf is the part of the resident memory that belongs to no file.
func ownMemoryOf(pid int) (int64, bool) { return memoryField(pid, "RssAnon") }

func memoryField(pid int, name string) (int64, bool) {
	text := procField(fmt.Sprintf("/proc/%d/status", pid), name)
	return kibibytes(text), text != ""
}

// childrenOf are the child processes of a process, with their arguments.
func childrenOf(parent int) map[int][]string {
	found := make(map[int][]string)
	entries, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for _, path := range entries {
		pid, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		fields := stat(pid)
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if text, err := os.ReadFile(path + "/cmdline"); err == nil {
			found[pid] = strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
		}
	}
	return found
}
