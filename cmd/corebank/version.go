package main

import (
	"cmp"
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

// What a release was built of. The linker sets these; without them, the go tool
// says what it took from the repository.
var release, commit, committed string

// version has a line for this program, for its source, for Go, and for each part.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "corebank, built without module information; build it with go build\n"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "corebank %s\ncommit %s\nbuilt with %s for %s/%s\n", cmp.Or(release, build.Main.Version, "(devel)"),
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

// source is the commit that this program was built of, and its date.
func source(build *debug.BuildInfo) string {
	if commit != "" {
		return commit + " of " + committed
	}
	settings := make(map[string]string)
	for _, setting := range build.Settings {
		settings[setting.Key] = setting.Value
	}
	if settings["vcs.revision"] == "" {
		return "unknown; go build in a clone of the repository says it"
	}
	text := settings["vcs.revision"] + " of " + settings["vcs.time"]
	if settings["vcs.modified"] == "true" {
		text += ", with changes that are not committed"
	}
	return text
}

func moduleVersion(build *debug.BuildInfo, path string) string {
	for _, module := range build.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return "not included"
}
