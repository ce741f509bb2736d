// Package filelock makes one process at a time the owner of something that a
// file stands for. The system frees the lock when its holder ends, however it
// ends: a lock is never left over.
//
// It may import nothing of ours.
package filelock
