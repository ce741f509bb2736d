package bench

import (
	"maps"
	"os"
	"slices"
	"time"
)

// self is the name of this process among those that are measured.
const self = "bench"

// spent is what processes have used of the processors, by name.
type spent map[string]time.Duration

// minus is what was used since an earlier time. A process that was not there
// before counts from its beginning.
func (s spent) minus(earlier spent) spent {
	d := make(spent, len(s))
	for name, used := range s {
		if used >= earlier[name] {
			d[name] = used - earlier[name]
		}
	}
	return d
}

// cpuOfChildren is what the living children of a process have used.
func cpuOfChildren(pid int) (used time.Duration) {
	for child := range childrenOf(pid) {
		d, _ := cpuOf(child)
		used += d
	}
	return used
}

// each is the use in microseconds per operation, by process; nil where this
// system does not tell.
func (s spent) each(operations int64) map[string]float64 {
	if len(s) == 0 || operations == 0 {
		return nil
	}
	share := make(map[string]float64, len(s))
	for name, used := range s {
		share[name] = float64(used.Microseconds()) / float64(operations)
	}
	return share
}

// lookAt reads what the processes have used so far, each with those that it has
// started, and this one alone.
func lookAt(processes map[string]int) spent {
	used := make(spent)
	for _, name := range slices.Sorted(maps.Keys(processes)) {
		if d, ok := cpuOf(processes[name]); ok {
			used[name] = d + cpuOfChildren(processes[name])
		}
	}
	if d, ok := cpuOf(os.Getpid()); ok {
		used[self] = d
	}
	return used
}
