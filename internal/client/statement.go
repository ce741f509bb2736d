package client

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/statement"
)

// StatementRequest says which statement to write.
type StatementRequest struct {
	Account  string
	From, To string // moments in RFC 3339 or days, which mean their first moment in UTC
	Format   string
	// Out is the file to write; without it, the statement is printed.
	Out string
}

// Check brings the moments into their full form and refuses a request that makes
// no sense.
func (r *StatementRequest) Check() error {
	if !bank.AccountID(r.Account).Valid() {
		return fmt.Errorf("--account %q: want the id of an account, acc_ and 26 letters and digits", r.Account)
	}
	if !slices.Contains(statement.Formats(), statement.Format(r.Format)) {
		return fmt.Errorf("--format %q: want csv, json or camt053", r.Format)
	}
	for _, flag := range []struct {
		name  string
		value *string
	}{{"from", &r.From}, {"to", &r.To}} {
		moment, err := time.Parse(time.DateOnly, *flag.value)
		if err != nil {
			moment, err = time.Parse(time.RFC3339, *flag.value)
		}
		if err != nil {
			return fmt.Errorf("--%s %q: want a day such as 2026-03-01, or a moment such as 2026-03-01T09:30:00Z",
				flag.name, *flag.value)
		}
		*flag.value = moment.UTC().Format(time.RFC3339Nano)
	}
	return nil
}

// Statement writes a statement to its file, or to out if it has none. A file is
// replaced when the statement is complete.
func (c Client) Statement(ctx context.Context, r StatementRequest, out io.Writer) error {
	if r.Out == "" {
		return c.copyStatement(ctx, r, out)
	}
	file, err := os.CreateTemp(filepath.Dir(r.Out), ".statement-*")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer os.Remove(file.Name()) // after success, the file has another name
	if err := c.copyStatement(ctx, r, file); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write %s: %w", r.Out, err)
	}
	if err := os.Rename(file.Name(), r.Out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// copyStatement writes each page as it arrives.
func (c Client) copyStatement(ctx context.Context, r StatementRequest, out io.Writer) error {
	var writer *statement.Writer
	lines := 0
	for after := any(nil); ; {
		page, err := c.statementPage(ctx, r, after)
		if err != nil {
			return err
		}
		if writer == nil {
			frame, err := page.frame(bank.AccountID(r.Account))
			if err != nil {
				return err
			}
			if writer, err = statement.NewWriter(out, statement.Format(r.Format), frame); err != nil {
				return err
			}
		}
		for _, node := range page.Lines.Nodes {
			if lines++; lines > statement.MaxLines {
				return fmt.Errorf("the period has more than %d transactions; choose a shorter one", statement.MaxLines)
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
