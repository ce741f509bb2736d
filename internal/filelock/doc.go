// Package filelock lets one process at a time own something that a file stands for.
// The system releases the lock when its holder ends in any way, so a stale lock is
// not possible.
//
// It may import nothing of ours.
package filelock
