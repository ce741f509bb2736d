//go:build !linux

package torture

import (
	"errors"
	"os"
)

var errUnsupported = errors.New(
	"the torture finds the processes of the bank in /proc, which only Linux has; run it in a Linux container",
)

// Supported is the reason why this system cannot be tortured; nil if it can.
func Supported() error { return errUnsupported }

var pause, resume os.Signal

func limitFiles(int, bool) error { return errUnsupported }
