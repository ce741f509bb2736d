// Package banktest runs the whole bank in one process for tests: the real
// gateway, actors, event source, relay and projector, with the log and the
// views in memory and direct calls instead of sidecars.
//
// A test reads as a scenario: Start or Tell gives the bank, Mutate, Must and Do
// act on it, and Answers, Fails and Refused state the outcome. The package may
// import everything but cmd.
package banktest
