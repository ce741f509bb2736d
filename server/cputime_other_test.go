//go:build !unix

package server_test

import "testing"

// cpuTime is not known here.
func cpuTime(testing.TB) int64 { return 0 }
