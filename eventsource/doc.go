// Package eventsource is the log app: the only writer of the append-only log, and the only publisher of its events.
//
// What the log promises:
//
//   - L1 an append is acknowledged only when it is durable (fsynced) in storage;
//   - L2 positions count from 1 without gaps over the whole log, versions from 1 without gaps in each stream;
//   - L3 an append happens only at the version that it expects, and whole or not at all;
//   - L4 there is one writer: a newer one fences all older ones before it reads the head;
//   - L5 an append with an unknown outcome is reported as unknown, never as failed;
//   - L6 the relay publishes only what is durable, in order, at least once;
//   - L7 the queue is bounded: an append that does not fit is refused at once.
//
// A log may have several partitions, by account, each with a Writer and a storage.Log of its own. Each of them keeps
// these promises, and a sequencer.Sequencer keeps L2 and L6 for the merged log: it gives each record a permanent
// position, after the record that caused it.
//
// The Writer keeps L1 to L5 and L7, and the Relay L6, over a storage.Log: package immudb has the durable one, package
// storage one in memory for tests, and package logtest the tests that both must pass. The package may import its own
// subpackages, bank, contract and app.
package eventsource
