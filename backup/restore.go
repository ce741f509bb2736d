package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"

	"corebank/backup/archive"
	"corebank/check/audit"
	"corebank/check/audit/auditrun"
	"corebank/eventsource/copies"
	"corebank/internal/contract"
	"corebank/internal/output"
	"corebank/internal/scratch"
	"corebank/internal/terminal"
	"corebank/internal/view/viewstore"
	"corebank/localbank/datadir"
)

// RestoreConfig says what is restored, and where.
type RestoreConfig struct {
	// Data is an empty directory, or one that is not there yet.
	Data string
	// From is the directory of a backup, or output.Stdout for the standard input.
	From         string
	IdentityFile string
	// ToPosition, unless it is 0, is the last position to restore; ToTime, unless it is empty, the moment after which
	// nothing is restored.
	ToPosition int64
	ToTime     string
	// Machines is on how many the restored bank runs; 0 and 1 are one. The log is restored to the first.
	Machines int
	// Program is the corebank that runs immudb meanwhile.
	Program string
	// Immudb, unless it is nil, runs immudb in its place. It is for tests.
	Immudb Immudb
	In     io.Reader
	Drill  bool
	// AcceptFindings makes a bank of the log although the audit finds something wrong in it.
	AcceptFindings bool
}

// Check refuses a configuration that makes no sense.
func (c *RestoreConfig) Check() error {
	switch {
	case c.ToPosition < 0:
		return fmt.Errorf("--to-position %d: positions begin with 1", c.ToPosition)
	case c.ToPosition > 0 && c.ToTime != "":
		return errors.New("give --to-position or --to-time, not both")
	case c.Drill && c.AcceptFindings:
		return errors.New("--drill is there to find what is wrong: leave --accept-findings out")
	case c.Drill && c.Data != "":
		return errors.New("--drill restores into a temporary place: leave --data out")
	case !c.Drill && c.Data == "":
		return errors.New("--data is missing: give an empty directory for the restored bank, or --drill")
	}
	if err := datadir.CheckMachines(max(1, c.Machines)); err != nil {
		return fmt.Errorf("--machines: %w", err)
	}
	_, err := c.until()
	return err
}

// until is the moment after which nothing is restored, or zero.
func (c *RestoreConfig) until() (t time.Time, err error) {
	if c.ToTime == "" {
		return t, nil
	}
	if t, err = time.Parse(time.RFC3339, c.ToTime); err != nil {
		err = fmt.Errorf("--to-time %q: want a moment such as 2026-03-01T09:00:00Z", c.ToTime)
	}
	return t, err
}

// Restored is what a restore did.
type Restored struct {
	Position   int64
	At         time.Time // when the last record was decided
	Backup     int64     // where the backup ends
	Partitions int
	Took       time.Duration
	Audit      *audit.Report
}

// Restore makes a bank of a backup and tells out what it did.
func Restore(ctx context.Context, c RestoreConfig, out, progress io.Writer) error {
	if c.Drill {
		return Drill(ctx, c, out, progress)
	}
	from, done, err := c.open()
	if err != nil {
		return err
	}
	defer done()
	made, err := c.restore(ctx, from, progress, (*datadir.Vacant).Finish)
	if err != nil {
		return err
	}
	how, copied := "", ""
	if made.Partitions > 1 {
		how = fmt.Sprintf(" --partitions %d", made.Partitions)
	}
	if c.Machines > 1 {
		how = fmt.Sprintf(" --machines %d", c.Machines)
		copied = "The log is on the first of its machines: the others copy it when they start.\n"
	}
	_, err = fmt.Fprintf(out, "%s%sIts passwords, keys and tokens are new. Nothing runs yet; start it with:\n"+
		"  corebank up --data %s%s\n", made, copied, c.Data, how)
	return err
}

// Drill restores a backup into a temporary place, audits it and removes it again.
func Drill(ctx context.Context, c RestoreConfig, out, progress io.Writer) error {
	place, err := scratch.Make("drill")
	if err != nil {
		return err
	}
	defer os.RemoveAll(place)
	c.Data = filepath.Join(place, "bank")
	from, done, err := c.open()
	if err != nil {
		return fmt.Errorf("the drill failed: %w", err)
	}
	defer done()
	made, err := c.restore(ctx, from, progress, (*datadir.Vacant).Discard)
	if err != nil {
		return fmt.Errorf("the drill failed: %w", err)
	}
	_, err = fmt.Fprintf(out, "The drill succeeded. %s", made)
	return err
}

// String is for a person.
func (r Restored) String() string {
	text := fmt.Sprintf("Restored %s records up to position %d, decided at %s, in %s.\n", humanize.Comma(r.Position),
		r.Position, r.At.UTC().Format(time.RFC3339Nano), r.Took.Round(100*time.Millisecond))
	if r.Position < r.Backup {
		text += fmt.Sprintf("The backup goes on to position %d: what came after is not in the restored bank.\n", r.Backup)
	}
	if !r.Audit.OK {
		return text + fmt.Sprintf("It has the faults that the log had, and answers with them:\n%s", r.Audit)
	}
	return text + fmt.Sprintf("The audit found nothing wrong: %s accounts, and views that are equal to the log.\n",
		humanize.Comma(r.Audit.Accounts))
}

// open opens the backup. The caller calls done at the end.
func (c *RestoreConfig) open() (from *archive.Archive, done func(), err error) {
	var open archive.Opener
	if c.IdentityFile != "" {
		if open, err = archive.ReadIdentities(c.IdentityFile); err != nil {
			return nil, nil, fmt.Errorf("--identity-file: %w", err)
		}
	}
	dir, done := c.From, func() {}
	if c.From == output.Stdout {
		if dir, err = scratch.Make("restore"); err != nil {
			return nil, nil, err
		}
		done = func() { _ = os.RemoveAll(dir) }
		err = archive.Unpack(c.In, dir)
	}
	if err == nil {
		from, err = archive.Open(dir, open)
	}
	if err != nil {
		done()
	}
	return from, done, err
}

// restore validates the backup, makes a bank of it in a folder and audits it. end decides what becomes of the folder.
func (c *RestoreConfig) restore(
	ctx context.Context, from *archive.Archive, progress io.Writer, end func(*datadir.Vacant) error,
) (made Restored, err error) {
	began := time.Now()
	if made, err = c.choose(ctx, from, progress); err != nil {
		return made, err
	}
	if c.Machines > 1 && from.Partitions > 1 {
		return made, fmt.Errorf("--machines %d: the log of this backup has %d partitions, and a bank on several machines "+
			"has one; leave --machines out", c.Machines, from.Partitions)
	}
	data, err := datadir.OpenVacant(c.Data, from.Partitions, c.Machines)
	if err != nil {
		return made, err
	}
	if err = c.fill(ctx, from, data, &made, progress); err != nil {
		return made, errors.Join(err, data.Discard())
	}
	made.Took = time.Since(began)
	return made, end(data)
}

// choose reads and validates the whole backup, and finds where the restored log ends.
func (c *RestoreConfig) choose(ctx context.Context, from *archive.Archive, out io.Writer) (made Restored, err error) {
	made.Backup, made.Partitions = from.End().Position, from.Partitions
	until, err := c.until()
	if err != nil {
		return made, err
	}
	if c.ToPosition > made.Backup {
		return made, fmt.Errorf("--to-position %d: the backup ends at position %d", c.ToPosition, made.Backup)
	}
	show := terminal.NewProgress(out, "validated")
	defer show.End()
	e := end{position: c.ToPosition, until: until}
	for records, err := range from.Records() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return made, err
		}
		for i := range records {
			e.take(&records[i])
		}
		read := records[len(records)-1].Position
		show.Show(read, read, made.Backup)
	}
	if made.Position, made.At = e.last, e.at; e.last == 0 {
		return made, errors.New("the backup has nothing up to there: nothing is restored")
	}
	return made, nil
}

// end finds the last record to restore: no append is restored in part.
type end struct {
	position int64     // the last to restore, or 0
	until    time.Time // or zero
	over     bool
	last     int64
	at       time.Time
}

func (e *end) take(r *contract.Record) {
	late := e.position > 0 && r.Position > e.position || !e.until.IsZero() && r.At.After(e.until)
	e.over = e.over || late
	if !e.over && r.More == 0 {
		e.last, e.at = r.Position, r.At
	}
}

// fill writes the log into an immudb of the bank, builds the views and audits both.
func (c *RestoreConfig) fill(
	ctx context.Context, from *archive.Archive, data *datadir.Vacant, made *Restored, progress io.Writer,
) (err error) {
	run := c.Immudb
	if run == nil {
		run = runImmudb(c.Program)
	}
	address, stop, err := run(ctx, data.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	log := logOf(data.Dir, address)
	if c.Machines > 1 {
		log.Immudb.Copies = copies.DefaultCopies(c.Machines)
	}
	if err := writeLog(ctx, from, log, data.Locked, made.Position, progress); err != nil {
		return err
	}
	if err := buildViews(ctx, log, data.Locked, progress); err != nil {
		return fmt.Errorf("build the views: %w", err)
	}
	made.Audit, err = auditrun.Run(ctx, auditrun.Config{Config: log, State: data.Bank.Audited(),
		Views: viewstore.Config{SQLite: data.Views()}}, progress, slog.Default())
	switch {
	case err != nil:
		return fmt.Errorf("audit what was restored: %w", err)
	case !made.Audit.OK && !c.AcceptFindings:
		return fmt.Errorf("what was restored is not right, and no bank was made of it:\n%s%s", made.Audit,
			afterFindings(made.Audit))
	}
	return nil
}

// afterFindings is what can be done about a backup of a log that is not right.
func afterFindings(r *audit.Report) string {
	first := int64(0)
	for _, f := range r.Findings {
		if f.Position > 0 && (first == 0 || f.Position < first) {
			first = f.Position
		}
	}
	text := "The backup is what its bank's log was. Audit that bank, if it is there: corebank audit"
	if first > 1 {
		text += fmt.Sprintf(". Restore what was right before: --to-position %d", first-1)
	}
	return text + ". Or make a bank that has these faults and answers with them: --accept-findings"
}
