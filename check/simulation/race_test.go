//go:build race

package simulation

// seedsByDefault and machinesByDefault are less with the race detector, which is slow.
const (
	seedsByDefault    = 300
	machinesByDefault = 30
)
