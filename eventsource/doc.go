// Package eventsource is the log app: the only writer of the append-only log,
// and the only publisher of what is in it.
//
// What the log promises:
//
//   - L1 an append is acknowledged only when it is durable (fsynced) in storage;
//   - L2 positions count from 1 without gaps over the whole log, versions from 1
//     without gaps in each stream;
//   - L3 an append happens only at the version that it expects, whole or not at
//     all;
//   - L4 there is one writer: a newer one fences all older ones before it reads
//     the head;
//   - L5 an append whose outcome is not known is reported as unknown, never as
//     failed;
//   - L6 the relay publishes only what is durable, in order, at least once;
//   - L7 the queue is bounded: what does not fit is refused at once.
//
// A log may have several partitions, by account, each with a Writer and a
// Storage of its own. Then these hold for each of them, and the Sequencer keeps L2
// and L6 for the whole log: it gives each record its place in an OrderLog, after
// that of what it came of, and a place that was given stays.
//
// Idempotency keys are found by an index of our own, a cache of the log.
//
// The Writer keeps L1 to L5 and L7, the Relay L6, over a Storage (immudb; in
// memory for tests). The package may import contract and app.
package eventsource
