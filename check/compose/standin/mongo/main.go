// Command mongo stands in for MongoDB where its image cannot be had: the engine that
// the test of docker-compose.yml starts in its place. It speaks MongoDB's wire
// protocol, knows users and their rights (SCRAM-SHA-256), has transactions over many
// documents with snapshot isolation and write conflicts, reads as of a cluster time,
// and keeps what was acknowledged when it is killed. It knows the commands that the
// bank and Dapr's state store send, and refuses all others. Nothing in it is fast.
//
// The file name selects the program, as in the official image: "mongod" is the
// server, "mongosh" runs scripts of the shell's language, and "docker-entrypoint.sh"
// becomes the user mongodb and starts the server.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	run, known := map[string]func(arguments []string) error{
		"mongod":               runServer,
		"mongosh":              runShell,
		"docker-entrypoint.sh": runEntrypoint,
	}[filepath.Base(os.Args[0])]
	if !known {
		fmt.Fprintln(os.Stderr, "name this file mongod, mongosh or docker-entrypoint.sh")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		os.Exit(1)
	}
}
