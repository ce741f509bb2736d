//go:build unix

package bench

import (
	"fmt"
	"syscall"
)

// checkOpenFiles fails if this process may not open so many files. Go has raised
// the limit as far as the system permits; the processes of a bank do the same.
func checkOpenFiles(need int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if limit.Cur >= uint64(need) {
		return nil
	}
	return fmt.Errorf("this needs %d open files, and a process may have %d here; raise the limit (ulimit -Hn %d, or "+
		"LimitNOFILE of the service), or give fewer --sockets and --subscribers", need, limit.Cur, need)
}
