//go:build unix

package server_test

import (
	"syscall"
	"testing"
)

// cpuTime is the processor time that this process has used, in nanoseconds.
func cpuTime(tb testing.TB) int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
