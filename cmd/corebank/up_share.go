package main

import (
	"os"
	"runtime"
	"strconv"

	"corebank/internal/contract"
)

// serverMemory is from where on the gateway is swept more often. Under load
// alone it stays far below; what is in use for as many websockets as it takes
// (20,000, of 11 KiB each) fits as well.
const serverMemory = "320MiB"

// share is how a part shares the machine with all the others, as settings of
// Go's runtime, which the sidecars and the broker are written in as well. What
// the environment says already stays.
//
// Most parts do a little for each payment and then wait for another part: with
// half of the processors they look for work, and wake each other, much less
// often. Their heaps are small, so that they may grow to five times what is in
// use before it is swept. On two processors a deposit takes a quarter less of
// them by this. Parts that also do long work alone keep all processors, and
// immudb its heap, which is large.
func share(part string) []string {
	var settings []string
	set := func(name string, value int) {
		if _, given := os.LookupEnv(name); !given {
			settings = append(settings, name+"="+strconv.Itoa(value))
		}
	}
	if part != partImmudb {
		set("GOGC", 400)
	}
	if _, given := os.LookupEnv("GOMEMLIMIT"); part == contract.AppServer && !given {
		settings = append(settings, "GOMEMLIMIT="+serverMemory)
	}
	if part != partImmudb && part != contract.AppProjector {
		set("GOMAXPROCS", max(1, runtime.NumCPU()/2))
	}
	return settings
}
