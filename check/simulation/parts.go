package simulation

import (
	"corebank/actor"
	"corebank/check/simulation/immu"
	"corebank/eventsource"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/logclient"
	"corebank/internal/view"
)

// Parts are the places where a test can put something broken between two components, to see that the laws notice. A
// nil one leaves the bank as it is.
type Parts struct {
	// Log is an event source's access to the durable log, below all faults.
	Log func(storage.Log, *storage.MemoryLog) storage.Log
	// Sequence is a sequencer's access to the sequence of several partitions, below all faults.
	Sequence func(storage.SequenceLog, *storage.MemorySequenceLog) storage.SequenceLog
	// Undivided has the drivers of transfers take the log for one of one partition.
	Undivided bool
	// Storage stands between an event source and its storage.
	Storage func(storage.Log, eventsource.Publisher) storage.Log
	// Actors stands between the actors and the event source.
	Actors func(actor.Log) actor.Log
	// Snapshots stands between the actors and their snapshots.
	Snapshots func(actor.Snapshots) actor.Snapshots
	// Projector makes the views.
	Projector func(view.Store, logclient.Log) Projection
	// Views stands between the projectors and their store.
	Views func(view.Store) view.Store
	// Feed stands between the live feed and the event source.
	Feed func(logclient.Log) logclient.Log
	// Message stands between the topic and all who follow it.
	Message func(contract.Batch) contract.Batch
	// Call stands between the gateways and the actors.
	Call func(Call) Call
	// Clear stands between the gateways and the clearing actors.
	Clear func(batcher.Clearing) batcher.Clearing
	// Machines has the log on several machines. What follows is of them.
	Machines bool
	// Disk changes a new disk of a machine.
	Disk func(*immu.Server)
	// Network stands between the event sources and the machines with copies of the log.
	Network func(immudb.Network) immudb.Network
	// Lease stands between an event source and the lease of the one that works.
	Lease func(lease.Store) lease.Store
	// Unasked has event sources answer without asking themselves whether they still may.
	Unasked bool
	// Saga stands between the drivers of transfers and the actors.
	Saga func(Call) Call
}

// Call gives an account's actor a turn.
type Call = batcher.Call

// between is what stands between two components: what a test puts there, if it does.
func between[T any](broken func(T) T, whole T) T {
	if broken == nil {
		return whole
	}
	return broken(whole)
}

// above is between where the part that is put there has to know what is below it.
func above[T, Below any](broken func(T, Below) T, whole T, below Below) T {
	if broken == nil {
		return whole
	}
	return broken(whole, below)
}
