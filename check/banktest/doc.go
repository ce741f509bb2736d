// Package banktest runs the whole bank in one process for tests: the real
// gateway, actors, event source, relay and projector, with the log and the
// views in memory and calls in place of sidecars. It may import everything but
// cmd.
package banktest
