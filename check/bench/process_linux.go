package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: 100 a second on every Linux that Go runs
// on.
const tick = 10 * time.Millisecond

// cpuOf is the time that a process has used of the processors; false if it is
// not there.
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

// stat is what /proc says of a process, from its state on: what stands before
// may hold anything.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// memoryOf is how much memory a process has, in bytes; false if it is not
// there.
func memoryOf(pid int) (int64, bool) {
	text := procField(fmt.Sprintf("/proc/%d/status", pid), "VmRSS")
	return kibibytes(text), text != ""
}

// ownMemoryOf is how much of that belongs to no file.
func ownMemoryOf(pid int) (int64, bool) {
	text := procField(fmt.Sprintf("/proc/%d/status", pid), "RssAnon")
	return kibibytes(text), text != ""
}

// childrenOf are the processes that a process has started, with their
// arguments.
func childrenOf(parent int) map[int][]string {
	found := make(map[int][]string)
	entries, _ := filepath.Glob("/proc/[0-9]*") // the pattern is sound
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
