package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"corebank/check/audit"
	"corebank/eventsource/immudb"
	"corebank/internal/atomicfile"
	"corebank/internal/contract"
	"corebank/internal/terminal"
)

// audit audits the bank. With an error, the audit is not complete; the report
// is then there only if it has findings already.
func (c *auditConfig) audit(ctx context.Context, display *auditDisplay, logger *slog.Logger) (*audit.Report, error) {
	began := time.Now()
	earlier, err := readAudited(c.state, c.immudb.Database, c.partitions)
	if err != nil {
		return nil, err
	}
	// The views first: what they show is then in the log that is read.
	views, err := c.readViews(ctx)
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "corebank-audit-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	c.immudb.StateDir = scratch // immudb's client must not trust what it kept of an earlier run
	log := c.openLog(logger)
	defer log.close(context.WithoutCancel(ctx))

	a := audit.New()
	a.Expect(views)
	proven, err := log.read(ctx, a, earlier, display)
	display.end()
	if err != nil {
		a.Expect(nil) // they were not reached
	}
	report := a.Report(began, time.Since(began), proofOf(proven, earlier))
	report.Waiting = log.waiting
	switch {
	case err != nil && report.OK:
		return nil, c.explain(err)
	case err != nil:
		return &report, fmt.Errorf("the audit is not complete: %w", c.explain(err))
	}
	log.note(ctx, report)
	if report.OK {
		err = writeAudited(c.state, audited{Database: c.immudb.Database, State: proven[0], Partitions: proven[1:], At: began.UTC()})
	}
	return &report, err
}

// explain says what to do where no immudb answers.
func (c *auditConfig) explain(err error) error {
	return fmt.Errorf("%w; the audit asks the immudb of a running bank, here at %s", err, c.immudb.Address)
}

func (c *auditConfig) readViews(ctx context.Context) (_ *audit.Views, err error) {
	store, err := c.views.OpenSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	return audit.ReadViews(ctx, store)
}

// audited is what a successful audit leaves for the next one.
type audited struct {
	Database string `json:"database"`
	immudb.State
	// Partitions are the states of the partitions of a log that has several; the
	// one above is then that of their order.
	Partitions []immudb.State `json:"partitions,omitempty"`
	At         time.Time      `json:"at"`
}

// readAudited is nil if there was no audit yet, or no file to keep it in.
func readAudited(path, database string, partitions int) (*audited, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var a audited
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the last audited state from %s: %w; put a good copy of it there", path, err)
	case a.Tx == 0 || a.Database != database:
		return nil, fmt.Errorf("%s is not an audited state of the database %q; give the right file with --state", path, database)
	case len(a.Partitions) != len(contract.PartitionApps(partitions)):
		return nil, fmt.Errorf("%s is not an audited state of a log with --partitions %d; give the right file with --state", path, partitions)
	}
	return &a, nil
}

func writeAudited(path string, a audited) error {
	if path == "" || a.Tx == 0 {
		return nil
	}
	text, err := json.Marshal(a)
	if err == nil {
		err = atomicfile.Write(path, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep the audited state in %s: %w; the next audit cannot go on from this one", path, err)
	}
	return nil
}

// auditDisplay shows on a terminal how far an audit is.
type auditDisplay struct {
	out   io.Writer // nil if nobody watches
	now   func() time.Time
	began time.Time
	wrote time.Time
}

// auditPause is the least time between two changes of the line, and before the
// first: a short audit shows none.
const auditPause = 200 * time.Millisecond

func newAuditDisplay(out io.Writer) *auditDisplay {
	d := &auditDisplay{now: time.Now}
	if terminal.Is(out) {
		d.out = out
	}
	return d
}

// tell shows the records so far, with the transactions of immudb so far and in
// all.
func (d *auditDisplay) tell(records int64, done, all uint64) {
	if d.out == nil {
		return
	}
	now := d.now()
	if d.began.IsZero() {
		d.began, d.wrote = now, now
	}
	if now.Sub(d.wrote) < auditPause {
		return
	}
	d.wrote = now
	took := now.Sub(d.began)
	left := time.Duration(float64(took) * float64(all-done) / float64(done))
	fmt.Fprintf(d.out, "\r\x1b[K%d records  %3d %%  %.0f/s  %s left", records, done*100/all,
		float64(records)/took.Seconds(), left.Round(time.Second))
}

// end takes the line away.
func (d *auditDisplay) end() {
	if d.out != nil && !d.began.IsZero() {
		fmt.Fprint(d.out, "\r\x1b[K")
	}
}
