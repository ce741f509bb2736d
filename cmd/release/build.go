package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// buildBank builds corebank for a target.
func buildBank(ctx context.Context, root string, t target, now stamp, output string) error {
	flags := fmt.Sprintf("-s -w -X main.release=%s -X main.commit=%s -X main.committed=%s",
		now.version, now.commit, now.date.Format(time.RFC3339))
	return goBuild(ctx, root, t, flags, output, "./cmd/corebank")
}

// buildSidecar builds Dapr's sidecar for a target, which is placement and sentry as
// well, or copies the one that was given.
func (r release) buildSidecar(ctx context.Context, t target, output string) error {
	if r.sidecar == "" {
		return goBuild(ctx, filepath.Join(r.root, "components", "daprd"), t, "-s -w", output, ".")
	}
	if t != host {
		return fmt.Errorf("--sidecar has one for %s only", host)
	}
	program, err := os.ReadFile(filepath.Join(r.sidecar, t.executable("daprd")))
	if err != nil {
		return fmt.Errorf("--sidecar: %w", err)
	}
	return os.WriteFile(output, program, 0o755)
}

// goBuild builds a command so that the result depends on nothing but the source, the
// target and the version of Go.
func goBuild(ctx context.Context, folder string, t target, flags, output, command string) error {
	output, err := filepath.Abs(output)
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags="+flags, "-o", output,
		command)
	build.Dir = folder
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off", "CGO_ENABLED=0",
		"GOAMD64=v1", "GOARM64=v8.0", "GOOS="+t.os, "GOARCH="+t.arch)
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", command, folder, err, strings.TrimSpace(string(text)))
	}
	return nil
}
