package diskfault

import (
	"slices"
	"strings"
	"syscall"
)

// messages are the system's texts for a write that failed.
var messages = []string{
	syscall.ENOSPC.Error(), syscall.EDQUOT.Error(), syscall.EFBIG.Error(), syscall.EIO.Error(), syscall.EROFS.Error(),
	"not enough space", // Windows
}

// In reports whether a line of a log says that a write failed.
func In(line string) bool {
	return slices.ContainsFunc(messages, func(m string) bool { return strings.Contains(line, m) })
}
