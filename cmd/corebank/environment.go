package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "COREBANK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// prepare runs before every command: it takes the flags that the command line
// does not give from the environment, and sets up the log. An empty variable is
// one that is not set. An empty flag where a value is needed is refused: it often
// comes from a shell's variable that is not set.
func prepare(c *cobra.Command, _ []string) error {
	var problem error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value := os.Getenv(variable(f.Name))
		switch {
		case problem != nil:
		case f.Changed && f.Value.String() == "" && (f.DefValue != "" || isRequired(f)):
			problem = fmt.Errorf("--%s is empty; give a value, or leave it out", f.Name)
		case f.Changed || value == "" || f.Name == "help" || f.Name == "version":
		default:
			if err := c.Flags().Set(f.Name, value); err != nil {
				problem = fmt.Errorf("the environment variable %s: %w", variable(f.Name), err)
			}
		}
	})
	if problem != nil {
		return problem
	}
	return setLog(c)
}

func isRequired(f *pflag.Flag) bool {
	return slices.Contains(f.Annotations[cobra.BashCompOneRequiredFlag], "true")
}
