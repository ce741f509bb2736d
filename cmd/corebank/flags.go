package main

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"corebank/internal/contract"
	"corebank/internal/secrets"
)

const flagLogLevel = "log-level"

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "COREBANK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// explainEnvironment adds the variables to the help of a command's own flags.
func explainEnvironment(c *cobra.Command) {
	explain := func(f *pflag.Flag) { f.Usage += " (env " + variable(f.Name) + ")" }
	c.LocalNonPersistentFlags().VisitAll(explain)
	c.PersistentFlags().VisitAll(explain)
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
	level, err := logLevel(c)
	if err != nil {
		return err
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	return nil
}

func logLevel(c *cobra.Command) (slog.Level, error) {
	text, err := c.Flags().GetString(flagLogLevel)
	if err != nil {
		return 0, err
	}
	level, known := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[text]
	if !known {
		return 0, fmt.Errorf("--%s %q: want debug, info, warn or error", flagLogLevel, text)
	}
	return level, nil
}

// logLevelOf is the log level for the processes that a command starts.
func logLevelOf(c *cobra.Command) string { return c.Flag(flagLogLevel).Value.String() }

func isRequired(f *pflag.Flag) bool {
	return slices.Contains(f.Annotations[cobra.BashCompOneRequiredFlag], "true")
}

// require marks flags that have no sensible default.
func require(c *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := c.MarkFlagRequired(flag); err != nil {
			panic(err) // the flag is missing: a mistake in this program
		}
	}
}

// partitionsFlag adds the flag of the commands that must know how the log is
// divided.
func partitionsFlag(c *cobra.Command, partitions *int) {
	c.Flags().IntVar(partitions, "partitions", 1,
		fmt.Sprintf("how many partitions the log has, 1 to %d; fixed when the bank is made", contract.MaxPartitions))
}

// checkPartitions refuses a wrong value of partitionsFlag.
func checkPartitions(partitions int) error {
	if err := contract.CheckPartitions(partitions); err != nil {
		return fmt.Errorf("--partitions: %w", err)
	}
	return nil
}

// appendTokenFlag adds the flag of the apps that append to the log and store it.
func appendTokenFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "append-token-file", "",
		"file with the token for appending to the log, which only the actors have; the event source refuses other callers")
}

// brokerFlag adds the flag of an app that watches the broker.
func brokerFlag(c *cobra.Command, url *string) {
	c.Flags().StringVar(url, "broker", "", "URL of the NATS server: when the sidecar has given up on it after an outage "+
		"and it answers again, the sidecar is ended, so that its supervisor starts it again")
}

// readSecret reads the secret in the file of a flag. An empty path is an empty
// secret.
func readSecret(flag, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	secret, err := secrets.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--%s: %w", flag, err)
	}
	return secret, nil
}

// tokenVariable is the environment variable with the token that a command signs
// in with. A token is never an argument, which others on the machine could see.
const tokenVariable = "COREBANK_TOKEN"

// signInToken is the token in the environment or else in a file; empty if there
// is neither.
func signInToken(file string) (string, error) {
	if token := os.Getenv(tokenVariable); token != "" {
		return token, nil
	}
	return readSecret("token-file", file)
}
