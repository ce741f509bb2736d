//go:build unix

package server

import "syscall"

// maxDescriptors is how many files and connections this process may have open; 0
// if that is not known.
func maxDescriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur > 1<<30 {
		return 0
	}
	return int(limit.Cur)
}
