//go:build unix

package issuer

import (
	"io/fs"
	"syscall"
)

// isRoots reports whether a file is root's and this process is not root's.
func isRoots(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid == 0 && syscall.Geteuid() != 0
}
