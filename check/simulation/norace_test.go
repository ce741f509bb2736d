//go:build !race

package simulation

// seedsByDefault and machinesByDefault are how many seeds the tests run.
const (
	seedsByDefault    = 4000
	machinesByDefault = 150
)
