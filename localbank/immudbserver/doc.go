// Package immudbserver runs an immudb server, which stores the event log, in this
// process.
//
// It promises that the server serves nothing but its gRPC service (no web
// console, no PostgreSQL port, no metrics), that it never runs with immudb's
// published password, and that the process ends at once when a write to the disk
// fails, because only then can the next start recover everything. It imports
// nothing of ours but diskfault.
package immudbserver
