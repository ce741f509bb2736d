package bench

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// lookEvery is how often a watch looks; at least lookTimes in all, however short
// the run.
const (
	lookEvery = 10 * time.Second
	lookTimes = 20
	lookLeast = 50 * time.Millisecond
)

// watch looks at the memory of processes while a load runs.
type watch struct {
	every     time.Duration
	processes func() map[string]int // that run now, by name
	memory    func(pid int) (Look, bool)
	after     func(since time.Duration, resident map[string]float64) // is told of each look
	seen      map[string]*watched
}

// watched is what was seen of a process.
type watched struct {
	pid, starts int
	looks       []Look
}

// lookPause is how long a watch of a run pauses between looks.
func lookPause(run time.Duration) time.Duration {
	return max(lookLeast, min(lookEvery, run/lookTimes))
}

// run looks, at first at once, until ctx ends.
func (w *watch) run(ctx context.Context) {
	w.seen = make(map[string]*watched)
	began := time.Now()
	for next := began; wait(ctx, time.Until(next)); next = next.Add(w.every) {
		since := time.Since(began)
		w.after(since, w.look(since))
	}
}

// look looks once, and returns how many MiB each process has.
func (w *watch) look(since time.Duration) map[string]float64 {
	resident := make(map[string]float64)
	for name, pid := range w.processes() {
		look, there := w.memory(pid)
		if !there {
			continue
		}
		look.Seconds = since.Seconds()
		one := w.seen[name]
		if one == nil {
			one = new(watched)
			w.seen[name] = one
		}
		if one.pid != pid {
			one.pid = pid
			one.starts++
		}
		one.looks = append(one.looks, look)
		resident[name] = look.MiB
	}
	return resident
}

// memories are what was seen, the largest process first.
func (w *watch) memories() []Memory {
	var all []Memory
	for _, name := range slices.Sorted(maps.Keys(w.seen)) {
		all = append(all, memoryFrom(name, w.seen[name].starts, w.seen[name].looks))
	}
	slices.SortStableFunc(all, func(a, b Memory) int { return cmp.Compare(b.Late, a.Late) })
	return all
}

// lookAtMemory is the memory of a process now.
func lookAtMemory(pid int) (Look, bool) {
	resident, there := memoryOf(pid)
	own, _ := ownMemoryOf(pid)
	return Look{MiB: float64(resident) / (1 << 20), Own: float64(own) / (1 << 20)}, there
}
