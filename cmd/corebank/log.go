package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/internal/tracing"
)

// The flags about the log, which all commands have, and the values of the second.
const (
	flagLogLevel  = "log-level"
	flagLogFormat = "log-format"
	formatText    = "text"
	formatJSON    = "json"
)

// setLog sets up the log as the flags say.
func setLog(c *cobra.Command) error {
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

// logLevelOf is the log level, also of the processes that a command starts.
func logLevelOf(c *cobra.Command) string { return c.Flag(flagLogLevel).Value.String() }

// logFormatOf is how the log looks, also that of the processes that a command starts.
func logFormatOf(c *cobra.Command) string { return c.Flag(flagLogFormat).Value.String() }
