package operator

import (
	"context"
	"fmt"
	"io"
	"strings"

	"corebank/internal/bank"
	"corebank/internal/terminal"
	"corebank/projector"
)

// Rebuild builds all views anew and switches to them, or switches back to the old
// ones. It prints the progress and the result.
func Rebuild(ctx context.Context, target Target, rollback bool, out io.Writer) error {
	admin, err := target.admin()
	if err != nil {
		return err
	}
	do := admin.Rebuild
	if rollback {
		do = admin.Rollback
	}
	show := newProgress(out)
	result, err := do(ctx, show.show)
	show.line.End()
	if err != nil {
		return target.explain(err)
	}
	return printRebuilt(out, result)
}

func printRebuilt(out io.Writer, r projector.Rebuilt) error {
	rate := ""
	if r.Seconds > 0 {
		rate = fmt.Sprintf(" (%.0f/s)", float64(r.Events)/r.Seconds)
	}
	text := fmt.Sprintf("Generation %d of the views is live, generation %d is kept for --rollback.\n",
		r.Generation, r.Was) +
		fmt.Sprintf("%d events applied in %.1f s%s, up to position %d.\n", r.Events, r.Seconds, rate, r.Position)
	if r.Compared != nil {
		text += fmt.Sprintf(
			"%d accounts with %d transactions are equal to the log at position %d; %d of them are quarantined.\n",
			r.Compared.Accounts, r.Compared.Transactions, r.Compared.Position, r.Compared.Quarantined)
	}
	for line := range strings.Lines(text) {
		if _, err := io.WriteString(out, terminal.Wrap(line, "  ")); err != nil {
			return err
		}
	}
	return nil
}

// Replay makes the view of an account again from its events.
func Replay(ctx context.Context, target Target, id bank.AccountID, out io.Writer) error {
	admin, err := target.admin()
	if err != nil {
		return err
	}
	done, err := admin.Replay(ctx, id)
	if err != nil {
		return target.explain(err)
	}
	_, err = fmt.Fprintf(out, "The view of %s is made anew and shows version %d.\n", done.Account, done.Version)
	return err
}
