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

// runUntilStopped runs a service until it ends or the process is asked to stop, and
// then gives it no longer than grace to end.
//
// The limit is necessary. Dapr 1.18 stops by asking the app to deactivate each
// active actor, over a stream that it no longer serves by then, and waits for the
// answer without a limit; --dapr-graceful-shutdown-seconds does not apply to that
// wait. A second signal ends the process at once.
func runUntilStopped(grace time.Duration, run func(context.Context) error) error {
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
		return fmt.Errorf("asked to stop, and still busy after %v: ended without waiting longer", grace)
	}
}

// version is the version of Dapr: the one given to the linker, as in Dapr's own
// builds, or else the one in go.mod.
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
