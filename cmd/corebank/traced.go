package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"corebank/internal/tracing"
)

// appFunc runs an app.
type appFunc = func(ctx context.Context, log *slog.Logger) error

// traced is the work of an app, with traces if the environment asks for them.
func traced(app string, do appFunc) appFunc {
	return func(ctx context.Context, log *slog.Logger) error {
		end, err := tracing.FromEnvironment(ctx, app, ownVersion(), os.Getenv)
		if err != nil {
			return err
		}
		defer end()
		return do(ctx, log)
	}
}

// ownVersion is the version of this program; "" if it is not known.
func ownVersion() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return versionOf(build)
}
