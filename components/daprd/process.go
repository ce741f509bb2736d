package main

import (
	"context"
	"fmt"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/dapr/dapr/pkg/buildinfo"
)

// runUntilTold runs a service until it ends or the process is told to stop,
// and then gives it no longer than grace to come to an end.
//
// The limit is not for tidiness. Dapr 1.18 stops by asking the app to put each
// active actor away, over a stream it no longer serves by then, and waits
// without limit for the answer; --dapr-graceful-shutdown-seconds does not
// reach that wait. A second signal ends the process at once.
func runUntilTold(grace time.Duration, run func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		stop()
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(grace):
		return fmt.Errorf("told to stop, and still busy after %v: ended as it was", grace)
	}
}

// version is the version of Dapr inside: the one given to the linker, as
// Dapr's own builds do, or else the one in go.mod.
func version() string {
	const unset = "edge"
	if given := buildinfo.Version(); given != unset {
		return given
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == "github.com/dapr/dapr" {
				return strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return unset
}
