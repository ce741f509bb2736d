package simulation

import (
	"slices"
	"testing"
)

// TestMachines runs as many seeds as -machines says of a bank whose log is on several machines, or with -seed one, with
// its trace.
func TestMachines(t *testing.T) {
	runSeeds(t, Parts{Machines: true}, *howManyMachines, slices.Concat(leaseFaults, machineEvents))
}
