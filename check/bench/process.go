package bench

import (
	"os"
	"time"
)

// self is the name of this process among the measured ones.
const self = "bench"

// cpuTimes are the processor times of processes, by name.
type cpuTimes map[string]time.Duration

// cpuTimesOf reads the times of processes so far, each with its children, and of
// this one alone.
func cpuTimesOf(processes map[string]int) cpuTimes {
	used := make(cpuTimes)
	for name, pid := range processes {
		own, ok := cpuOf(pid)
		if !ok {
			continue
		}
		for child := range childrenOf(pid) {
			d, _ := cpuOf(child)
			own += d
		}
		used[name] = own
	}
	if d, ok := cpuOf(os.Getpid()); ok {
		used[self] = d
	}
	return used
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

// mebibytes converts bytes to MiB.
func mebibytes[T int64 | float64](bytes T) float64 { return float64(bytes) / (1 << 20) }
