package client

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/output"
	"corebank/internal/statement"
)

// StatementRequest says which statement to write.
type StatementRequest struct {
	Account string
	// From and To are moments or days, as Check reads them, in Zone.
	From, To string
	Zone     string
	Format   string
	// Out is the file to write; without it, the statement is printed.
	Out string
	// ByteOrderMark begins a CSV file with one.
	ByteOrderMark bool

	zone *time.Location
}

// Check brings the moments into their full form and refuses a request that makes
// no sense.
func (r *StatementRequest) Check(now time.Time) (err error) {
	if !bank.AccountID(r.Account).Valid() {
		return fmt.Errorf("--account %q: want the id of an account, acc_ and 26 letters and digits", r.Account)
	}
	if !slices.Contains(statement.Formats(), statement.Format(r.Format)) {
		return fmt.Errorf("--format %q: want csv, json or camt053", r.Format)
	}
	if r.ByteOrderMark && r.Format != string(statement.CSV) {
		return fmt.Errorf("--bom is for --format csv; %s is read as UTF-8 everywhere", r.Format)
	}
	if r.zone, err = readZone(r.Zone); err != nil {
		return fmt.Errorf("--zone %q: %w", r.Zone, err)
	}
	from, err := readFrom(r.From, now, r.zone)
	if err != nil {
		return fmt.Errorf("--from %q: %w", r.From, err)
	}
	to, err := readTo(r.To, now, r.zone)
	if err != nil {
		return fmt.Errorf("--to %q: %w", r.To, err)
	}
	r.From, r.To = from.UTC().Format(time.RFC3339Nano), to.UTC().Format(time.RFC3339Nano)
	if err := output.Check(r.Out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// Statement writes a statement to its file, or to stdout if it has none. A file is
// replaced when the statement is complete.
func (c Client) Statement(ctx context.Context, r StatementRequest, stdout io.Writer) error {
	write := func(out io.Writer) error { return c.copyStatement(ctx, r, out) }
	if r.Out == "" {
		return write(stdout)
	}
	if err := output.Write(ctx, r.Out, stdout, write); err != nil {
		return fmt.Errorf("write %s: %w", r.Out, err)
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
			frame, err := page.frame(bank.AccountID(r.Account), r.zone)
			if err != nil {
				return err
			}
			if r.ByteOrderMark {
				if _, err := io.WriteString(out, statement.ByteOrderMark); err != nil {
					return err
				}
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
