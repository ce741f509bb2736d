package auditrun

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/internal/scratch"
	"corebank/internal/terminal"
)

// RunAndReport audits the bank and writes the report. Faults are an error.
func RunAndReport(ctx context.Context, c Config, asJSON bool, out io.Writer, logger *slog.Logger) error {
	report, err := Run(ctx, c, os.Stderr, logger)
	if report == nil {
		return err
	}
	var unwritten error
	if asJSON {
		unwritten = report.WriteJSON(out)
	} else {
		_, unwritten = fmt.Fprint(out, report)
	}
	if !report.OK {
		err = errors.Join(fmt.Errorf("the audit found faults: %d", report.FindingsTotal), err)
	}
	return errors.Join(unwritten, err)
}

// firstStartProgress is how often the progress of a check of copied data is shown where no terminal is: a bank waits.
const firstStartProgress = 10 * time.Second

// Run audits the bank and shows its progress, if that is a terminal. With an error the audit is incomplete: the
// report is then nil, unless it has findings already.
func Run(ctx context.Context, c Config, progress io.Writer, logger *slog.Logger) (*audit.Report, error) {
	began, show := time.Now(), terminal.NewProgress(progress, "audited")
	if c.LogOnly {
		show.Elsewhere = firstStartProgress
	}
	if err := c.complete(ctx); err != nil {
		return nil, err
	}
	earlier, err := readAudited(c.State, c.Immudb.Database, c.Partitions)
	if err != nil {
		return nil, err
	}
	// The views are read first: the log that is read then has everything that they show.
	views, err := c.readViews(ctx)
	if err != nil {
		return nil, err
	}
	state, err := scratch.Make("audit")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(state)
	c.Immudb.StateDir = state // immudb's client must not trust the state of an earlier run
	log := c.openLog(logger)
	defer log.close(context.WithoutCancel(ctx))

	a := audit.New()
	a.Now = began
	a.Expect(views)
	proven, err := log.read(ctx, a, earlier, show)
	show.End()
	if err != nil {
		a.Expect(nil) // the audit did not reach their position
	}
	report := a.Report(began, time.Since(began), proofOf(proven, earlier))
	report.Waiting = log.waiting
	switch {
	case err != nil && report.OK:
		return nil, c.explain(err)
	case err != nil:
		return &report, fmt.Errorf("the audit is not complete: %w", c.explain(err))
	case c.LogOnly:
		return &report, nil
	}
	log.save(ctx, report)
	if report.OK {
		err = writeAudited(c.State, audited{Database: c.Immudb.Database, State: proven[0], Partitions: proven[1:],
			At: began.UTC()})
	}
	return &report, err
}

func (c Config) readViews(ctx context.Context) (_ *laws.ViewSums, err error) {
	if c.LogOnly {
		return nil, nil
	}
	store, err := c.Views.OpenSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	sums, err := laws.ReadViews(ctx, store)
	if err != nil {
		err = fmt.Errorf("%w; if their store is damaged, corebank rebuild makes them again from the log", err)
	}
	return sums, err
}
