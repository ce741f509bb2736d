package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"corebank/localbank/sidecars"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of corebank and of its parts",
		Long: `Print the version of this program, the version of Go it was built with, and the
versions of the immudb and NATS servers in it and of Dapr.`,
		Example: "  corebank version",
		RunE: func(c *cobra.Command, _ []string) error {
			build, ok := debug.ReadBuildInfo()
			if !ok {
				return &failure{errors.New("this program was built without module information; build it with go build")}
			}
			out := c.OutOrStdout()
			fmt.Fprintf(out, "corebank %s\n", versionOf(build))
			fmt.Fprintf(out, "built with %s\n", build.GoVersion)
			for _, part := range []struct{ name, module string }{
				{"immudb", "github.com/codenotary/immudb"},
				{"nats", "github.com/nats-io/nats-server/v2"},
			} {
				fmt.Fprintf(out, "%s %s\n", part.name, moduleVersion(build, part.module))
			}
			fmt.Fprintf(out, "dapr %s\n", sidecars.Minor)
			return nil
		},
	}
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
