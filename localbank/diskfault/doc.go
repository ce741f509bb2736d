// Package diskfault recognizes, in the log of a server, that a write to the disk
// failed.
//
// immudb and NATS continue after such a failure, with less on the disk than they
// hold in memory: immudb then answers from an index that misses entries of its
// log, and keeps that index when it ends; NATS refuses every message until it is
// started again. Both recover fully from what is on the disk if they end at
// once, without writing anything more. So the packages that run them watch their
// logs. It imports nothing of ours.
package diskfault
