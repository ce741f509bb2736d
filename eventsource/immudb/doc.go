// Package immudb keeps the event log, and the sequence log of several partitions, in immudb databases. It implements
// storage.Log and storage.SequenceLog, and proves to an audit that the history of a database was not changed. It may
// import copies, storage, bank, contract, app and filelock.
//
// Idempotency keys are in an index of our own beside immudb. The index is a cache of the log.
package immudb
