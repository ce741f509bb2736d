//go:build race

package simulation

// seedsByDefault is less with the race detector, which is slow.
const seedsByDefault = 300
