package main

import (
	"io"

	"github.com/spf13/cobra"
)

// The groups of commands in the help text.
const (
	groupBank  = "bank"
	groupApps  = "apps"
	groupParts = "parts"
)

func newRoot(out io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:                        "corebank",
		Short:                      "A core bank: event-sourced accounts behind one GraphQL API",
		Version:                    version(),
		Args:                       subcommandOnly,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE:          prepare,
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true, // run prints the error, once
		SilenceUsage:               true,
	}
	root.SetOut(out)
	root.SetVersionTemplate("{{.Version}}")
	root.PersistentFlags().String(flagLogLevel, "info", "least important messages to log: debug, info, warn or error")
	root.PersistentFlags().String(flagLogFormat, formatText,
		"how messages are logged: text, or json with one object on each line")
	root.AddGroup(
		&cobra.Group{ID: groupBank, Title: "The bank:"},
		&cobra.Group{ID: groupApps, Title: "Its apps, each run beside a Dapr sidecar:"},
		&cobra.Group{ID: groupParts, Title: "What the apps need, and help for containers:"},
	)
	root.AddCommand(
		newUp(), newMachine(), newToken(), newSchema(), newSecrets(), newStatement(), newRebuild(), newReplay(),
		newAudit(), newBackup(), newRestore(), newFailover(), newTorture(), newEnter(), newBench(), newBenchLedger(),
		newServer(), newActor(), newEventSource(), newProjector(),
		newImmudb(), newNATS(), newTopic(), newIssuer(), newHealth(),
		newVersion(),
	)
	root.InitDefaultCompletionCmd()
	for _, c := range append(root.Commands(), root) {
		finish(c)
	}
	return root
}

// finish adds what all commands have in common.
func finish(c *cobra.Command) {
	if c.HasParent() && c.Args == nil && !c.HasSubCommands() {
		c.Args = noArguments
	}
	explain(c)
	explainEnvironment(c)
	completeFlags(c)
}
