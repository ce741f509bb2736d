// Command daprd is the Dapr sidecar, the Dapr placement service and the Dapr
// sentry service that corebank runs on a machine without Docker, in one binary.
//
// Dapr's own commands either build in every component there is or none at
// all. This one builds in the handful that the files in components/ name, so
// it downloads and compiles in minutes instead of a good part of an hour. One
// binary with all parts saves linking Dapr three times. It is a module of its own
// to keep Dapr's dependencies out of corebank's go.mod.
//
// The binary does what its file name says: run as "daprd" it is the sidecar,
// run as "placement" or "sentry" (links to the same file) it is that service.
// Each takes the flags of the official command of the same name. It promises
// nothing more: the Scheduler, and with it reminders, jobs and workflows, is
// not there. To build it, with the version that the sidecar reports:
//
//	go build -trimpath -o daprd -ldflags \
//	  "-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=1.18.2" .
//	ln daprd placement
//	ln daprd sentry
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const usage = `This file is Dapr's sidecar, placement and sentry in one, and acts by its own name.
Name it, or a link to it, "daprd", "placement" or "sentry". For example:

  ln %[1]s placement
  ./placement --help
`

func main() {
	program := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	run, ok := map[string]func(arguments []string) error{
		"daprd":     runSidecar,
		"placement": runPlacement,
		"sentry":    runSentry,
	}[program]
	if !ok {
		fmt.Fprintf(os.Stderr, usage, program)
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", program, err)
		os.Exit(1)
	}
}
