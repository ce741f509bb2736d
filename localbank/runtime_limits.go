package localbank

import (
	"os"
	"runtime"
	"strconv"

	"corebank/internal/contract"
)

// Limits of Go's runtime, which the sidecars and the broker use as well.
//
// Most parts do a little work for each payment and then wait for another part:
// with half of the processors they look for work, and wake each other, much less
// often. Their heaps are small, so a heap may grow to five times what is in use
// before it is swept. On two processors both together take a quarter off the
// processor time of a deposit. Parts that also do long work alone keep all
// processors, and immudb keeps Go's default for its large heap.
const (
	heapGrowth = 400 // GOGC
	// gatewayMemory is where the gateway begins to sweep its heap more often.
	// Load alone stays far below it, and the memory of as many websockets as the
	// gateway takes (20,000 of 11 KiB each) fits as well.
	gatewayMemory = "320MiB"
)

// runtimeLimits is the environment that limits a part. A variable that this
// process has already stays as it is.
func runtimeLimits(part string) []string {
	var limits []string
	set := func(name, value string) {
		if os.Getenv(name) == "" {
			limits = append(limits, name+"="+value)
		}
	}
	if part != partImmudb {
		set("GOGC", strconv.Itoa(heapGrowth))
	}
	if part == contract.AppServer {
		set("GOMEMLIMIT", gatewayMemory)
	}
	if part != partImmudb && part != contract.AppProjector {
		set("GOMAXPROCS", strconv.Itoa(max(1, runtime.NumCPU()/2)))
	}
	return limits
}
