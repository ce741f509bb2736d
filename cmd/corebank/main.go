// Command corebank is the whole bank in one program: `corebank up` runs all of
// it on this machine, and each of its parts can be run alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"corebank/internal/app"
)

// Exit codes.
const (
	exitFailed = 1 // the command could not do its work
	exitMisuse = 2 // the command was called in a wrong way
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), app.StopSignals()...)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	// The reader of the output may end first: a command then still ends in order.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(run(ctx, os.Args[1:]))
}

// run runs one command and returns the exit code.
func run(ctx context.Context, arguments []string) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &stdout{file: os.Stdout, failed: cancel}
	root := newRoot(out)
	root.SetArgs(arguments)
	called, err := root.ExecuteContextC(ctx)
	var failed *failure
	switch unwritten := out.err(); {
	case errors.Is(unwritten, syscall.EPIPE):
		return exitFailed // who ended the reader knows
	case unwritten != nil:
		fmt.Fprintf(os.Stderr, "%s: the output cannot be written: %v\n", called.CommandPath(), unwritten)
		return exitFailed
	case err == nil:
		return 0
	case errors.As(err, &failed):
		if logFormatOf(called) == formatJSON {
			slog.Error("the command failed", "command", called.CommandPath(), "error", failed.err)
		} else {
			fmt.Fprintf(os.Stderr, "%s: %v\n", called.CommandPath(), failed.err)
		}
		return exitFailed
	default:
		fmt.Fprintf(os.Stderr, "%s: %v\nRun '%s --help' for its flags and examples.\n",
			called.CommandPath(), err, called.CommandPath())
		return exitMisuse
	}
}
