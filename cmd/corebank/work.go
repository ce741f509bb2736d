package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"
)

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
