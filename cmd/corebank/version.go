package main

import (
	"fmt"
	"runtime"
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

// version has a line for this program, for its source, for Go, and for each part.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "corebank, built without module information; build it with go build\n"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "corebank %s\ncommit %s\nbuilt with %s for %s/%s\n", versionOf(build),
		source(build), build.GoVersion, runtime.GOOS, runtime.GOARCH)
	for _, part := range []struct{ name, module string }{
		{"immudb", "github.com/codenotary/immudb"},
		{"nats", "github.com/nats-io/nats-server/v2"},
	} {
		fmt.Fprintf(&text, "%s %s, in this program\n", part.name, moduleVersion(build, part.module))
	}
	fmt.Fprintf(&text, "dapr %s, in the sidecar; any other %s works as well\n", sidecars.Version, sidecars.Minor)
	return text.String()
}
