// Package simulation runs a whole bank in one process and under virtual time: clients, gateways, actor hosts, event
// sources of one partition or of several and their sequencer, a broker, projectors and subscribers, with faults in
// everything between them. One seed is one run, and the same seed is the same run again.
//
// The parts are the real ones: server.Commands and server.SubscriptionHub, actor.Host, saga.Driver,
// eventsource.Writer, Sequencer, Relay and API, projector.Projector. Around them are a network, disks, a store of
// snapshots, a store of views and a broker that delay, lose, repeat, reorder, damage and forget, and processes that
// die before and after every durable step, freeze, and come back with nothing but what was durable.
//
// With Parts.Machines, the log is on three machines: an immudb server and an event source on each, with a lease that is
// kept where a majority of machines is reached. There package eventsource/immudb is the real one, too, with its fence,
// its sessions and its failover, and so are the plans of eventsource/copies and the lease; package immu stands for the
// servers. Machines are killed, lost with their disks and replaced by empty ones, frozen, slowed down and cut off, in
// both directions or in one, and operators ask for other primaries meanwhile.
//
// When the clients are done, everything heals, the bank gets time to settle, and the laws of package laws are
// checked on the whole history.
//
// # What is repeatable
//
// Goroutines run in a testing/synctest bubble, in any order and on as many processors as the Go scheduler likes; a
// run does not depend on it. Every way from one component to another takes virtual time and ends at an instant of
// its own, so that no two components meet by accident of scheduling; and every thread of work has dice of its own
// (see thread). What the scheduler still decides is the order of lines of the trace within one instant, which is
// why the trace is sorted there, and which of two timers of production code comes first if they should fire in the
// same nanosecond.
//
// # How to run it
//
//	go test ./check/simulation                    4,000 seeds, and 150 with machines
//	go test ./check/simulation -seeds 100000      any number of seeds, -from any
//	go test ./check/simulation -machines 100000   any number of those with machines
//	go test ./check/simulation -seed 7 -v         one, with its trace
//
// A seed that fails prints how to repeat it and its last steps.
//
// The package is for tests and may import everything but cmd.
package simulation
