package bench

import (
	"maps"
	"slices"
)

// The values that flags have in a kind of run, unless the user gives others.
var (
	quickPreset = map[string]string{
		"repeats": "2", "duration": "1s", "warmup": "300ms", "events": "20000", "history": "20000",
		"sockets": "1000", "accounts": "1000", "subscribers": "100",
	}
	// soakPreset has few accounts, so that within the first third of the hour
	// each actor remembers as much as it may.
	soakPreset = map[string]string{
		"repeats": "1", "duration": "1h", "rate": "500", "accounts": "500", "subscribers": "300",
	}
	scalePreset = map[string]string{"events": "1000000"}
)

// Presets are the values of flags for a run of these scenarios. A long scenario
// has settings of its own, because it is measured alone.
func Presets(scenarios []string, quick bool) map[string]string {
	preset := make(map[string]string)
	if quick {
		maps.Copy(preset, quickPreset)
	}
	switch {
	case slices.Equal(scenarios, []string{Soak}):
		maps.Copy(preset, soakPreset)
	case slices.Equal(scenarios, []string{Scale}):
		maps.Copy(preset, scalePreset)
	}
	return preset
}
