// Package workload chooses what the clients of a bank ask for, in the simulation
// and in the torture alike: mostly payments, and something of everything else.
package workload
