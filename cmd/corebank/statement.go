package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/bank"
	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/internal/statement"
)

// statementRequest is what a statement is asked for with.
type statementRequest struct {
	url, account, from, to, format, out string
	data, tokenFile                     string
}

func newStatement() *cobra.Command {
	var ask statementRequest
	c := &cobra.Command{
		Use:     "statement",
		GroupID: groupBank,
		Short:   "Write an account's statement as CSV, JSON or ISO 20022 camt.053",
		Long: fmt.Sprintf(`Write an account's statement for a period: the balance before it, every
transaction with the balance after it, and the balance at the end, checked to
add up. It is read page by page from a running bank, so that its length does
not matter, up to %d transactions. A file is put in its place when it is
complete; an error leaves an older one as it was.

A transaction belongs to the period in which it was recorded. Moments are RFC
3339, or a day, which is its first moment in UTC.

It signs in with the token in the environment variable COREBANK_TOKEN or in
--token-file, or else with one of the issuer of the bank on --data.`, statement.MaxLines),
		Example: `  # All of March, for a spreadsheet
  corebank statement --account acc_... --from 2026-03-01 --to 2026-04-01 --format csv --out march.csv

  # The same for an accounting program
  corebank statement --account acc_... --from 2026-03-01 --to 2026-04-01 --format camt053 --out march.xml`,
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := ask.check(); err != nil {
				return err
			}
			return work(func(ctx context.Context, _ *slog.Logger) error { return ask.write(ctx, c.OutOrStdout()) })(c, arguments)
		},
	}
	c.Flags().StringVar(&ask.url, "url", "http://127.0.0.1:8080", "address of the bank's gateway")
	c.Flags().StringVar(&ask.account, "account", "", "id of the account")
	c.Flags().StringVar(&ask.from, "from", "", "first moment of the period")
	c.Flags().StringVar(&ask.to, "to", "", "first moment after the period, not in the future")
	c.Flags().StringVar(&ask.format, "format", string(statement.CSV), "csv, json or camt053")
	c.Flags().StringVar(&ask.out, "out", "", "file to write (standard output when it is left out)")
	c.Flags().StringVar(&ask.tokenFile, "token-file", "", "file with the token to sign in with")
	c.Flags().StringVar(&ask.data, "data", ".corebank", "directory of the bank that \"corebank up\" runs, for a token without a file")
	require(c, "account", "from", "to")
	return c
}

// check brings the moments into their full form and refuses what makes no
// sense.
func (ask *statementRequest) check() error {
	if !bank.AccountID(ask.account).Valid() {
		return fmt.Errorf("--account %q: want an account's id, acc_ and 26 letters and digits", ask.account)
	}
	if !slices.Contains(statement.Formats(), statement.Format(ask.format)) {
		return fmt.Errorf("--format %q: want csv, json or camt053", ask.format)
	}
	for _, flag := range []struct {
		name  string
		value *string
	}{{"from", &ask.from}, {"to", &ask.to}} {
		moment, err := time.Parse(time.DateOnly, *flag.value)
		if err != nil {
			moment, err = time.Parse(time.RFC3339, *flag.value)
		}
		if err != nil {
			return fmt.Errorf("--%s %q: want a day such as 2026-03-01, or a moment such as 2026-03-01T09:30:00Z", flag.name, *flag.value)
		}
		*flag.value = moment.UTC().Format(time.RFC3339Nano)
	}
	return nil
}

// token is what the statement is asked for with.
func (ask *statementRequest) token() (string, error) {
	if token := os.Getenv(tokenVariable); token != "" {
		return token, nil
	}
	if ask.tokenFile != "" {
		return readSecret("token-file", ask.tokenFile)
	}
	if !issuer.Has(ask.data) {
		return "", fmt.Errorf("nobody is signed in: set %s, or give --token-file, or the --data of a bank that \"corebank up\" runs", tokenVariable)
	}
	local, err := issuer.Open(ask.data)
	if err != nil {
		return "", err
	}
	return local.Token(string(identity.Auditor), identity.Auditor, time.Now(), time.Hour)
}

// tokenVariable is where a token may be in the environment; it is never an
// argument, which others on the machine could see.
const tokenVariable = "COREBANK_TOKEN"

// write writes the statement to its file, or to out where there is none.
func (ask *statementRequest) write(ctx context.Context, out io.Writer) error {
	if ask.out == "" {
		return ask.copy(ctx, out)
	}
	file, err := os.CreateTemp(filepath.Dir(ask.out), ".statement-*")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer os.Remove(file.Name()) // it has another name when all went well
	if err := ask.copy(ctx, file); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write %s: %w", ask.out, err)
	}
	if err := os.Rename(file.Name(), ask.out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// copy writes the statement as its pages arrive.
func (ask *statementRequest) copy(ctx context.Context, out io.Writer) error {
	var writer *statement.Writer
	lines := 0
	for after := any(nil); ; {
		page, err := ask.page(ctx, after)
		if err != nil {
			return err
		}
		if writer == nil {
			frame, err := page.frame(bank.AccountID(ask.account))
			if err != nil {
				return err
			}
			if writer, err = statement.NewWriter(out, statement.Format(ask.format), frame); err != nil {
				return err
			}
		}
		for _, node := range page.Lines.Nodes {
			if lines++; lines > statement.MaxLines {
				return fmt.Errorf("the period has more than %d transactions; take a shorter one", statement.MaxLines)
			}
			line, err := node.line()
			if err != nil {
				return err
			}
			if err := writer.Line(line); err != nil {
				return err
			}
		}
		if !page.Lines.PageInfo.HasNextPage {
			return writer.End()
		}
		after = page.Lines.PageInfo.EndCursor
	}
}
