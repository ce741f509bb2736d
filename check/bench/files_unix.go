//go:build unix

package bench

import (
	"fmt"
	"syscall"
)

// roomForFiles makes sure that this process may open so many files: it raises
// its own limit as far as the system lets it. The processes of a bank do the
// same for themselves.
func roomForFiles(need int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("how many files may be open: %w", err)
	}
	if limit.Cur >= uint64(need) {
		return nil
	}
	if limit.Max < uint64(need) {
		return fmt.Errorf("this needs %d open files, and a process may have %d here; raise the limit (ulimit -Hn %d, or LimitNOFILE of the service), "+
			"or give fewer --sockets and --subscribers", need, limit.Max, need)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise the number of open files to %d: %w", limit.Max, err)
	}
	return nil
}
