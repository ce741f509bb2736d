//go:build !unix

package server_test

import "testing"

// cpuTime is unknown on this system.
func cpuTime(testing.TB) int64 { return 0 }
