package simulation

import (
	"context"

	"corebank/actor"
	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
	"corebank/projector"
)

// Parts are the places where a test can put something broken between two
// components, to see that the laws notice. A nil one leaves the bank as it is.
type Parts struct {
	// Log opens an event source's access to the durable log, below all faults.
	Log func(*storage.MemoryLog) storage.Log
	// Order opens a sequencer's access to the order of several partitions, below
	// all faults.
	Order func(*storage.MemorySequenceLog) storage.SequenceLog
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
	// Saga stands between the drivers of transfers and the actors.
	Saga func(Call) Call
}

// Call gives an account's actor a turn.
type Call = func(context.Context, bank.AccountID, contract.CommandBatch) (contract.CommandReply, error)

func (p Parts) log(log *storage.MemoryLog) storage.Log {
	if p.Log == nil {
		return log.Open()
	}
	return p.Log(log)
}

func (p Parts) order(order *storage.MemorySequenceLog) storage.SequenceLog {
	if p.Order == nil {
		return order.Open()
	}
	return p.Order(order)
}

func (p Parts) storage(s storage.Log, outbox eventsource.Publisher) storage.Log {
	if p.Storage == nil {
		return s
	}
	return p.Storage(s, outbox)
}

func (p Parts) actors(log actor.Log) actor.Log {
	if p.Actors == nil {
		return log
	}
	return p.Actors(log)
}

func (p Parts) snapshots(s actor.Snapshots) actor.Snapshots {
	if p.Snapshots == nil {
		return s
	}
	return p.Snapshots(s)
}

func (p Parts) projector(store view.Store, log logclient.Log) Projection {
	if p.Projector == nil {
		return projector.New(store, log, quiet)
	}
	return p.Projector(store, log)
}

func (p Parts) views(store view.Store) view.Store {
	if p.Views == nil {
		return store
	}
	return p.Views(store)
}

func (p Parts) feedLog(log logclient.Log) logclient.Log {
	if p.Feed == nil {
		return log
	}
	return p.Feed(log)
}

func (p Parts) message(batch contract.Batch) contract.Batch {
	if p.Message == nil {
		return batch
	}
	return p.Message(batch)
}

func (p Parts) call(call Call) Call {
	if p.Call == nil {
		return call
	}
	return p.Call(call)
}

func (p Parts) saga(call Call) batcher.Call {
	if p.Saga == nil {
		return call
	}
	return p.Saga(call)
}
