//go:build unix

package datadir

import "golang.org/x/sys/unix"

// ownFilesOnly makes every file that this process and its children create
// readable by their owner only.
func ownFilesOnly() { unix.Umask(int(shared)) }
