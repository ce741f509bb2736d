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

	"github.com/spf13/cobra"

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
	os.Exit(run(ctx, os.Args[1:]))
}

// run runs one command and returns the exit code.
func run(ctx context.Context, arguments []string) int {
	root := newRoot()
	root.SetArgs(arguments)
	called, err := root.ExecuteContextC(ctx)
	var failed *failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed):
		fmt.Fprintf(os.Stderr, "%s: %v\n", called.CommandPath(), failed.err)
		return exitFailed
	default:
		fmt.Fprintf(os.Stderr, "%s: %v\nRun '%s --help' for its flags and examples.\n",
			called.CommandPath(), err, called.CommandPath())
		return exitMisuse
	}
}

// The groups of commands in the help text.
const (
	groupBank  = "bank"
	groupApps  = "apps"
	groupParts = "parts"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "corebank",
		Short: "A core bank: event-sourced accounts behind one GraphQL API",
		Long: `corebank is a core bank in one program. Commands go to one actor per account. An
actor appends what it decides to a log that cannot be rewritten, and views of
the log answer queries. "corebank up" runs everything on this machine; the other
commands run one part each, so that containers can use the same program.

Every flag can also be given by an environment variable: --log-level by
COREBANK_LOG_LEVEL. A flag on the command line wins.`,
		Example: `  # The whole bank, with GraphiQL on http://127.0.0.1:8080/
  corebank up

  # The flags of a command, with examples
  corebank up --help`,
		Args:                       subcommandOnly,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE:          prepare,
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true, // run prints the error, once
		SilenceUsage:               true,
		CompletionOptions:          cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.PersistentFlags().String(flagLogLevel, "info", "least important messages to log: debug, info, warn or error")
	root.AddGroup(
		&cobra.Group{ID: groupBank, Title: "The bank:"},
		&cobra.Group{ID: groupApps, Title: "Its apps, each run beside a Dapr sidecar:"},
		&cobra.Group{ID: groupParts, Title: "What the apps need, and help for containers:"},
	)
	root.AddCommand(
		newUp(), newToken(), newSecrets(), newStatement(), newRebuild(), newReplay(),
		newAudit(), newTorture(), newBench(), newBenchLedger(),
		newServer(), newActor(), newEventSource(), newProjector(),
		newImmudb(), newNATS(), newTopic(), newHealth(),
		newVersion(),
	)
	for _, c := range append(root.Commands(), root) {
		finish(c)
	}
	return root
}

// failure is an error in what a command does. Every other error is an error of
// use: the command was called in a wrong way.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// work runs what a command does. Its error is a failure.
func work(do func(ctx context.Context, log *slog.Logger) error) runFunc {
	return func(c *cobra.Command, _ []string) error {
		if err := do(c.Context(), slog.Default()); err != nil {
			return &failure{err}
		}
		return nil
	}
}

// runFunc is the type of cobra's functions.
type runFunc func(c *cobra.Command, arguments []string) error

// checked checks the flags before the work. An error of the check is an error of
// use. Unlike cobra's PreRunE it runs after cobra has looked for required flags.
func checked(check, work runFunc) runFunc {
	return func(c *cobra.Command, arguments []string) error {
		if err := check(c, arguments); err != nil {
			return err
		}
		return work(c, arguments)
	}
}

// subcommandOnly refuses a subcommand that does not exist and suggests the
// nearest one.
func subcommandOnly(c *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	message := fmt.Sprintf("there is no command %q", arguments[0])
	if similar := c.SuggestionsFor(arguments[0]); len(similar) > 0 {
		message += fmt.Sprintf("; did you mean %q?", similar[0])
	}
	return errors.New(message)
}

// finish adds what all commands have in common.
func finish(c *cobra.Command) {
	if c.HasParent() && c.Args == nil {
		c.Args = cobra.NoArgs
	}
	explainEnvironment(c)
}
