package main

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"corebank/internal/tracing"
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
	level, known := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[logLevelOf(c)]
	if !known {
		return fmt.Errorf("--%s %q: want debug, info, warn or error", flagLogLevel, logLevelOf(c))
	}
	if format := logFormatOf(c); format != formatText && format != formatJSON {
		return fmt.Errorf("--%s %q: want %s or %s", flagLogFormat, format, formatText, formatJSON)
	}
	slog.SetDefault(tracing.NewLog(os.Stderr, logFormatOf(c) == formatJSON, level))
	return nil
}

const (
	flagLogLevel  = "log-level"
	flagLogFormat = "log-format"
	formatText    = "text"
	formatJSON    = "json"
)

// logLevelOf is the log level, also of the processes that a command starts.
func logLevelOf(c *cobra.Command) string { return c.Flag(flagLogLevel).Value.String() }

// logFormatOf is how lines of the log look, also of the processes that a command starts.
func logFormatOf(c *cobra.Command) string { return c.Flag(flagLogFormat).Value.String() }

func isRequired(f *pflag.Flag) bool {
	return slices.Contains(f.Annotations[cobra.BashCompOneRequiredFlag], "true")
}
