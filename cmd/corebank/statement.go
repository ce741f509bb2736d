package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/client"
	"corebank/internal/identity"
	"corebank/internal/statement"
)

func newStatement() *cobra.Command {
	var bank client.Client
	var request client.StatementRequest
	var data, tokenFile string
	c := &cobra.Command{
		Use:     "statement",
		GroupID: groupBank,
		Short:   "Write an account's statement as CSV, JSON or ISO 20022 camt.053",
		Long: fmt.Sprintf(`Write an account's statement for a period: the balance before it, every
transaction with the balance after it, and the balance at the end. The sums are
checked. The statement is read page by page from a running bank, so it can be
long: up to %d transactions. A file is replaced when the statement is
complete; an error leaves an older file as it was.

A transaction belongs to the period in which it was recorded. Moments are in the
form of RFC 3339, or a day, which means its first moment in UTC.

The command signs in with the token in the environment variable COREBANK_TOKEN
or in --token-file, or else with a token of the bank on --data.`, statement.MaxLines),
		Example: `  # All of March, for a spreadsheet
  corebank statement --account acc_... --from 2026-03-01 --to 2026-04-01 --format csv --out march.csv

  # The same for an accounting program
  corebank statement --account acc_... --from 2026-03-01 --to 2026-04-01 --format camt053 --out march.xml`,
		RunE: checked(func(*cobra.Command, []string) error {
			return request.Check()
		}, work(func(ctx context.Context, _ *slog.Logger) (err error) {
			if bank.Token, err = signInToken(tokenFile); bank.Token == "" && err == nil {
				bank.Token, err = client.LocalToken(data, string(identity.Auditor), identity.Auditor, time.Hour)
			}
			if err != nil {
				return fmt.Errorf("sign in with %s, --token-file or --data: %w", tokenVariable, err)
			}
			return bank.Statement(ctx, request, os.Stdout)
		})),
	}
	flags := c.Flags()
	flags.StringVar(&bank.URL, "url", "http://127.0.0.1:8080", "address of the bank's gateway")
	flags.StringVar(&request.Account, "account", "", "id of the account")
	flags.StringVar(&request.From, "from", "", "first moment of the period")
	flags.StringVar(&request.To, "to", "", "first moment after the period, not in the future")
	flags.StringVar(&request.Format, "format", string(statement.CSV), "csv, json or camt053")
	flags.StringVar(&request.Out, "out", "", "file to write; without it, the statement is printed")
	flags.StringVar(&tokenFile, "token-file", "", "file with the token to sign in with")
	flags.StringVar(&data, "data", ".corebank",
		"directory of the bank that \"corebank up\" runs, for a token without a file")
	require(c, "account", "from", "to")
	return c
}
