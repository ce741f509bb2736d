//go:build !linux

package bench

import "time"

// Only Linux reports what other processes use.

func cpuOf(int) (time.Duration, bool) { return 0, false }
func memoryOf(int) (int64, bool)      { return 0, false }
func ownMemoryOf(int) (int64, bool)   { return 0, false }
func childrenOf(int) map[int][]string { return nil }
