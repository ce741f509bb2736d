package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"corebank/localbank/sidecars"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of corebank and of its parts",
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(c.OutOrStdout(), version())
			return err
		},
	}
}

// version has a line for this program, for Go, and for each part of it.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "corebank, built without module information; build it with go build\n"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "corebank %s\nbuilt with %s\n", versionOf(build), build.GoVersion)
	for _, part := range []struct{ name, module string }{
		{"immudb", "github.com/codenotary/immudb"},
		{"nats", "github.com/nats-io/nats-server/v2"},
	} {
		fmt.Fprintf(&text, "%s %s\n", part.name, moduleVersion(build, part.module))
	}
	fmt.Fprintf(&text, "dapr %s\n", sidecars.Minor)
	return text.String()
}

// versionOf is the module's version, which the go tool takes from the
// repository's tags and commits.
func versionOf(build *debug.BuildInfo) string {
	if v := build.Main.Version; v != "" {
		return v
	}
	return "(devel)"
}

func moduleVersion(build *debug.BuildInfo, path string) string {
	for _, module := range build.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return "not included"
}
