//go:build unix

package eventsource

import "golang.org/x/sys/unix"

// freeBytes reports how many bytes an ordinary user may still write to dir's disk.
func freeBytes(dir string) func() (uint64, error) {
	return func() (uint64, error) {
		var stat unix.Statfs_t
		if err := unix.Statfs(dir, &stat); err != nil {
			return 0, err
		}
		return uint64(stat.Bavail) * uint64(stat.Bsize), nil
	}
}
