package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"corebank/check/bench"
)

func newBench() *cobra.Command {
	config := bench.Config{Log: os.Stderr}
	var output bench.Output
	var tokenFile string
	var quick bool
	c := &cobra.Command{
		Use:     "bench [SCENARIO...]",
		GroupID: groupBank,
		Short:   "Measure how fast a bank is on this machine",
		Args:    cobra.ArbitraryArgs, // Check names the scenarios
		RunE: checked(func(c *cobra.Command, arguments []string) (err error) {
			config.Scenarios = arguments
			for flag, value := range bench.Presets(arguments, quick) {
				if !c.Flags().Changed(flag) {
					err = errors.Join(err, c.Flags().Set(flag, value))
				}
			}
			if config.URL != "" {
				var unread error
				config.Token, unread = signInToken(tokenFile)
				err = errors.Join(err, unread)
			}
			return errors.Join(err, config.Check(), output.Check())
		}, func(c *cobra.Command, arguments []string) error {
			return work(func(ctx context.Context, _ *slog.Logger) error {
				return bench.RunAndReport(ctx, config, c.OutOrStdout(), output)
			})(c, arguments)
		}),
	}
	benchFlags(c, &config, &output)
	c.Flags().StringVar(&tokenFile, "token-file", "", "file with a teller's token for the bank at --url")
	c.Flags().BoolVar(&quick, "quick", false, "a short look: fewer and shorter repeats, not for comparing")
	return c
}
