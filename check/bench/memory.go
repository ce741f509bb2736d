package bench

import (
	"slices"
)

// Memory is what became of a process's memory over a long run. All but Looks,
// Starts and Verdict is in MiB.
type Memory struct {
	Process string `json:"process"`
	// Early is what was resident when the first tenth of the time was over, Mid
	// in the middle and Late in the last tenth: medians, each of a tenth of the
	// looks. Most is the highest look of all.
	Early float64 `json:"early"`
	Mid   float64 `json:"middle"`
	Late  float64 `json:"late"`
	Most  float64 `json:"most"`
	// Own is what of Late belongs to no file.
	Own float64 `json:"own"`
	// PerHour is the growth after the first tenth, LateHour that in the second
	// half, by the hour: see slope.
	PerHour  float64 `json:"perHour"`
	LateHour float64 `json:"latePerHour"`
	// Starts is how often the process was started, which should be once.
	Starts  int    `json:"starts"`
	Verdict string `json:"verdict"`
	// Looks are all that was seen.
	Looks []Look `json:"looks"`
}

// Look is the memory of a process at a moment.
type Look struct {
	Seconds float64 `json:"s"` // since the first look
	MiB     float64 `json:"mib"`
	Own     float64 `json:"own"` // of it, what belongs to no file
}

// warmUp is the share of the time in which memory may grow as it likes.
const warmUp = 0.1

// memoryFrom is what the looks at a process say.
func memoryFrom(process string, starts int, looks []Look) Memory {
	m := Memory{Process: process, Starts: starts, Looks: looks}
	times, values, own := make([]float64, len(looks)), make([]float64, len(looks)), make([]float64, len(looks))
	for i, look := range looks {
		times[i], values[i], own[i] = look.Seconds, look.MiB, look.Own
	}
	if len(looks) == 0 {
		m.Verdict = "never seen"
		return m
	}
	m.Early = middleOf(between(values, warmUp, 2*warmUp))
	m.Mid = middleOf(between(values, 0.45, 0.55))
	m.Late = middleOf(between(values, 0.9, 1))
	m.Own = middleOf(between(own, 0.9, 1))
	m.Most = slices.Max(values)
	const hour = 3600
	m.PerHour = hour * slope(between(times, warmUp, 1), between(values, warmUp, 1))
	m.LateHour = hour * slope(between(times, 0.5, 1), between(values, 0.5, 1))
	m.Verdict = verdictOn(m.PerHour, m.LateHour, m.Mid, times[len(times)-1]-times[0])
	if starts > 1 {
		m.Verdict = "was started " + count(starts, "time")
	}
	return m
}
