package main

import (
	"os"
	"strings"
	"testing"
)

func TestPartitionFlagsAreChecked(t *testing.T) {
	for arguments, want := range map[string]string{
		"up --partitions 0":                                                 "want 1 to 64",
		"actor --issuer https://x --partitions 65":                          "want 1 to 64",
		"audit --partitions -1":                                             "want 1 to 64",
		"eventsource --partition 1 --immudb-password-file x":                "--partition 1 of 1",
		"eventsource --partition 3 --partitions 2 --immudb-password-file x": "--partition 3 of 2",
	} {
		root := newRoot(os.Stdout)
		root.SetArgs(strings.Fields(arguments))
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", arguments, err, want)
		}
	}
}
