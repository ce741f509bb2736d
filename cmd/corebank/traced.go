package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"corebank/internal/tracing"
)

// traced is the work of an app, with traces if the environment asks for them.
func traced(app string, do func(ctx context.Context, log *slog.Logger) error) func(context.Context, *slog.Logger) error {
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
