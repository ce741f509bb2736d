package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/terminal"
	"corebank/projector"
)

func newRebuild() *cobra.Command {
	var config adminConfig
	var back bool
	c := &cobra.Command{
		Use:     "rebuild",
		GroupID: groupBank,
		Short:   "Build all views anew beside the live ones, compare, and switch",
		Long: `Build the views anew from the log, beside the live ones (in a file, or in
collections, of their own), while the bank serves. Then all that is known of an
account, its transactions, what is filed for it and the trial balance are held
against the log. Only if all are equal, the new views go live, in one step
that the gateways follow by themselves.

Whatever stops it before, a crash or Ctrl-C, leaves the old views live. They are
kept until the next rebuild: --rollback brings them up to date and makes them
live again, and a second --rollback undoes that.

` + adminHelp,
		Example: `  # While the bank runs on .corebank
  corebank rebuild

  # If the new views are not to one's liking
  corebank rebuild --rollback`,
		RunE: func(c *cobra.Command, arguments []string) error {
			return work(func(ctx context.Context, _ *slog.Logger) error {
				admin, err := config.find()
				if err != nil {
					return err
				}
				do := admin.Rebuild
				if back {
					do = admin.Rollback
				}
				display := newRebuildDisplay(c.OutOrStdout())
				done, err := do(ctx, display.tell)
				display.end()
				if err != nil {
					return config.explain(err)
				}
				return writeRebuilt(c.OutOrStdout(), done)
			})(c, arguments)
		},
	}
	c.Flags().BoolVar(&back, "rollback", false, "make the views live again that were live before the last switch")
	adminFlags(c, &config)
	return c
}

func writeRebuilt(out io.Writer, done projector.Rebuilt) error {
	if _, err := fmt.Fprintf(out, "Generation %d of the views is live, generation %d is kept for --rollback.\n", done.Generation, done.Was); err != nil {
		return err
	}
	rate := ""
	if done.Seconds > 0 {
		rate = fmt.Sprintf(" (%.0f/s)", float64(done.Events)/done.Seconds)
	}
	if _, err := fmt.Fprintf(out, "%d events applied in %.1f s%s, up to position %d.\n", done.Events, done.Seconds, rate, done.Position); err != nil {
		return err
	}
	if done.Compared == nil {
		return nil
	}
	_, err := fmt.Fprintf(out, "%d accounts with %d transactions are equal to the log at position %d; %d of them are quarantined.\n",
		done.Compared.Accounts, done.Compared.Transactions, done.Compared.Position, done.Compared.Quarantined)
	return err
}

// plainPause is the least time between two lines of progress where no person
// watches.
const plainPause = 5 * time.Second

// rebuildDisplay shows how far a rebuild is: on a terminal in one line that
// changes.
type rebuildDisplay struct {
	out      io.Writer
	terminal bool
	now      func() time.Time

	phase string
	began time.Time // of the phase
	from  int64     // where it was then
	wrote time.Time
	open  bool // whether the line on the terminal has not ended
}

func newRebuildDisplay(out io.Writer) *rebuildDisplay {
	return &rebuildDisplay{out: out, terminal: terminal.Is(out), now: time.Now}
}

func (d *rebuildDisplay) tell(p projector.Progress) {
	now := d.now()
	if p.Phase != d.phase {
		d.end()
		d.phase, d.began, d.from, d.wrote = p.Phase, now, p.Done, time.Time{}
	}
	last := p.Done == p.Total
	if !d.terminal && !last && now.Sub(d.wrote) < plainPause {
		return
	}
	d.wrote = now
	if d.terminal {
		fmt.Fprintf(d.out, "\r\x1b[K%s", d.line(p, now.Sub(d.began)))
		d.open = true
		return
	}
	fmt.Fprintln(d.out, d.line(p, now.Sub(d.began)))
}

// line is the progress in words, with the rate of the phase and the time that
// is left at that rate.
func (d *rebuildDisplay) line(p projector.Progress, took time.Duration) string {
	if p.Total == 0 {
		return p.Phase
	}
	text := fmt.Sprintf("%-9s  %d of %d  %3d %%", p.Phase, p.Done, p.Total, p.Done*100/p.Total)
	rate := float64(p.Done-d.from) / took.Seconds()
	if took <= 0 || rate <= 0 {
		return text
	}
	left := time.Duration(float64(p.Total-p.Done) / rate * float64(time.Second))
	return fmt.Sprintf("%s  %.0f/s  %s left", text, rate, left.Round(time.Second))
}

// end ends the line on the terminal.
func (d *rebuildDisplay) end() {
	if d.open {
		fmt.Fprintln(d.out)
		d.open = false
	}
}
