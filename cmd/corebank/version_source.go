package main

import (
	"cmp"
	"runtime/debug"
)

// What a release was built of. The linker sets these; without them, the go tool
// says what it took from the repository.
var release, commit, committed string

// versionOf is the version of the release, or else the one that the go tool takes from
// the repository's tags and commits.
func versionOf(build *debug.BuildInfo) string { return cmp.Or(release, build.Main.Version, "(devel)") }

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
