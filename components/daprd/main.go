// Command daprd is the Dapr sidecar, the Dapr placement service and the Dapr
// sentry service that corebank runs on a machine without Docker, in one binary.
//
// Dapr's own commands include either every component or none. This one includes the
// few that the files in components/ name, so it downloads and compiles in minutes
// instead of a good part of an hour. One binary with all three saves linking Dapr
// three times. It is a module of its own to keep Dapr's dependencies out of
// corebank's go.mod.
//
// The file name of the binary selects the command: "daprd" is the sidecar, and
// "placement" and "sentry" (links to the same file) are those services. Each takes
// the flags of the official command of the same name. The Scheduler is missing, and
// with it reminders, jobs and workflows. To build it, with the version that the
// sidecar reports:
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

	_ "corebank/components/daprd/redial"
)

const usage = `This file is Dapr's sidecar, placement and sentry in one; its name selects one of them.
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
