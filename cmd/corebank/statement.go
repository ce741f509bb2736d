package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/client"
	"corebank/internal/statement"
	"corebank/localbank/datadir"
)

func newStatement() *cobra.Command {
	var bank client.Client
	var request client.StatementRequest
	var data, tokenFile string
	c := &cobra.Command{
		Use:     "statement",
		GroupID: groupBank,
		Short:   "Write an account's statement as CSV, JSON or ISO 20022 camt.053",
	}
	c.RunE = checked(func(*cobra.Command, []string) error {
		return request.Check(time.Now())
	}, work(func(ctx context.Context, _ *slog.Logger) error {
		if err := signIn(c, &bank, data, tokenFile); err != nil {
			return err
		}
		bank.Progress = c.ErrOrStderr()
		return bank.Statement(ctx, request, c.OutOrStdout())
	}))
	flags := c.Flags()
	flags.StringVar(&bank.URL, "url", "http://127.0.0.1:8080",
		"address of the bank's gateway; without it, that of the bank on --data")
	flags.StringVar(&request.Account, "account", "", "id of the account")
	flags.StringVar(&request.From, "from", "", "first moment of the period: a day, a moment, yesterday or today")
	flags.StringVar(&request.To, "to", "", "first moment after the period: the day after its last day, a moment, "+
		"yesterday, or today or now for all until now")
	flags.StringVar(&request.Zone, "zone", "UTC", "time zone of the days, such as Europe/Berlin; local for this machine's")
	flags.StringVar(&request.Format, "format", string(statement.CSV), "csv, json or camt053")
	flags.BoolVar(&request.ByteOrderMark, "bom", false,
		"begin a CSV file with a byte order mark, for spreadsheets that would not read it as UTF-8 otherwise")
	flags.StringVar(&request.Out, "out", "", "file to write, or - for standard output, which is the default")
	flags.StringVar(&tokenFile, "token-file", "", "file with the token to sign in with")
	flags.StringVar(&data, "data", datadir.Default, "directory of the bank that \"corebank up\" runs")
	require(c, "account", "from", "to")
	return c
}
