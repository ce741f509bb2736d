package main

import "github.com/spf13/cobra"

// completeFlags tells shells the values of flags that have few.
func completeFlags(c *cobra.Command) {
	for flag, values := range map[string][]string{
		flagLogLevel:  {"debug", "info", "warn", "error"},
		flagLogFormat: {formatText, formatJSON},
		"role":        {"customer", "teller", "auditor", "admin"},
		"format":      {"csv", "json", "camt053"},
		"to":          {"today", "now", "yesterday"},
		"zone":        {"UTC", "local", "Europe/Berlin", "America/New_York", "Asia/Tokyo"},
	} {
		if c.Flag(flag) != nil && c.LocalFlags().Lookup(flag) != nil {
			_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
}
