//go:build unix

package datadir

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// identify tells a file from all copies of it: they have another number, or were made at another time. The device is
// left out, because its number may change when the machine starts.
func identify(path string) (string, error) {
	var is unix.Stat_t
	if err := unix.Lstat(path, &is); err != nil {
		return "", &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return fmt.Sprintf("%d-%d.%09d", is.Ino, is.Ctim.Sec, is.Ctim.Nsec), nil
}
