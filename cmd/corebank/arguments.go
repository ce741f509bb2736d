package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

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

// noArguments refuses arguments of a command that has only flags.
func noArguments(c *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	return fmt.Errorf("%q is one word too many: %s takes flags only", strings.Join(arguments, " "), c.Name())
}

// oneArgument wants the argument that a command's line of use names.
func oneArgument(c *cobra.Command, arguments []string) error {
	if len(arguments) == 1 {
		return nil
	}
	_, name, _ := strings.Cut(c.Use, " ")
	return fmt.Errorf("want 1 argument, the %s, and not %d", name, len(arguments))
}
