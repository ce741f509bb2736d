//go:build !race

package simulation

// seedsByDefault is how many seeds the test runs.
const seedsByDefault = 5000
