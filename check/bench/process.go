package bench

import (
	"os"
	"time"

	"github.com/prometheus/procfs"

	"corebank/check/livebank"
)

// self is the name of this process among the measured ones.
const self = "bench"

// cpuTimes are the processor times of processes, by name.
type cpuTimes map[string]time.Duration

// cpuTimesOf reads the times of processes so far, each with its children, and of
// this one alone. There are none where the system does not report them.
func cpuTimesOf(processes map[string]int) cpuTimes {
	used, byPID, running := make(cpuTimes), make(map[int]string), livebank.Snapshot()
	for name, pid := range processes {
		byPID[pid] = name
	}
	for pid, s := range running {
		for _, counted := range []int{pid, s.PPID} {
			if name := byPID[counted]; name != "" {
				used[name] += cpuOf(s)
				break
			}
		}
	}
	if s, there := running[os.Getpid()]; there {
		used[self] = cpuOf(s)
	}
	return used
}

func cpuOf(s procfs.ProcStat) time.Duration {
	return time.Duration(s.CPUTime() * float64(time.Second)).Round(time.Millisecond)
}

// minus is the time since an earlier reading. A process that is new counts from
// its start.
func (c cpuTimes) minus(earlier cpuTimes) cpuTimes {
	d := make(cpuTimes, len(c))
	for name, used := range c {
		if used >= earlier[name] {
			d[name] = used - earlier[name]
		}
	}
	return d
}

// each is the time per operation in microseconds; nil where this system does not
// report it.
func (c cpuTimes) each(operations int64) map[string]float64 {
	if len(c) == 0 || operations == 0 {
		return nil
	}
	micros := make(map[string]float64, len(c))
	for name, used := range c {
		micros[name] = float64(used.Microseconds()) / float64(operations)
	}
	return micros
}

// memoryOf reads the memory of a process; false if it does not run, or the system
// does not report it.
func memoryOf(pid int) (look Look, there bool) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return look, false
	}
	status, err := p.NewStatus()
	return Look{MiB: mebibytes(status.VmRSS), Own: mebibytes(status.RssAnon)}, err == nil && status.VmRSS > 0
}

// mebibytes converts bytes to MiB.
func mebibytes[T int64 | uint64](bytes T) float64 { return float64(bytes) / (1 << 20) }
