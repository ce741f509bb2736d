package torture

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supported is the reason why this system cannot be tortured; nil if it can.
func Supported() error { return nil }

const (
	pause  = syscall.SIGSTOP
	resume = syscall.SIGCONT
)

// limitFiles has every write of a process to a file fail, as it does on a full
// disk, or ends that. The limit is on the size of files, which takes no rights:
// a write at or beyond it fails, and all are.
func limitFiles(pid int, limited bool) error {
	var limit unix.Rlimit
	err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &limit)
	if limit.Cur = limit.Max; limited {
		limit.Cur = 0
	}
	if err == nil {
		err = unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil)
	}
	if errors.Is(err, unix.ESRCH) { // it has ended
		return nil
	}
	return err
}
