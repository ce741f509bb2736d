package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"corebank/check/audit/auditrun"
	"corebank/eventsource/immudb"
	"corebank/localbank"
	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
)

// Immudb runs the database of a bank that does not run, until it is stopped.
type Immudb func(ctx context.Context, data datadir.Dir) (address string, stop func() error, err error)

func runImmudb(program string) Immudb {
	return func(ctx context.Context, data datadir.Dir) (string, func() error, error) {
		return localbank.RunImmudb(ctx, program, data)
	}
}

// logOf is the log of the bank on a directory, whose database runs at an address.
func logOf(data datadir.Dir, address string) storedlog.Config {
	return storedlog.Config{Data: data.Path, PasswordFile: data.WriterPassword(0), Partitions: data.Partitions,
		Immudb: immudb.Config{Address: address, Database: immudb.DefaultDatabase, User: immudb.DefaultUser}}
}

// CheckCopied audits the log of a bank that does not run, and whose data was copied. A copy that was made while the
// bank ran has either a log that is right up to some position, or one that the database or the audit refuses.
type CheckCopied struct {
	Program string
	// Immudb, unless it is nil, runs immudb in the place of Program. It is for tests.
	Immudb Immudb
	// AcceptFindings opens the bank all the same if its log can be read and the audit finds something wrong.
	AcceptFindings bool
	Progress       io.Writer
}

// With is Check, with a program that runs immudb and where the progress is shown.
func (c CheckCopied) With(program string, progress io.Writer) func(context.Context, datadir.Dir) error {
	c.Program, c.Progress = program, progress
	return c.Check
}

// Check is nil if a bank may be opened with the log.
func (c CheckCopied) Check(ctx context.Context, data datadir.Dir) (err error) {
	run := c.Immudb
	if run == nil {
		run = runImmudb(c.Program)
	}
	address, stop, err := run(ctx, data)
	if err != nil {
		return torn(err)
	}
	defer func() { err = errors.Join(err, stop()) }()
	report, err := auditrun.Run(ctx, auditrun.Config{Config: logOf(data, address), State: data.Audited(), LogOnly: true},
		c.Progress, slog.Default())
	switch {
	case err != nil:
		return torn(err)
	case report.OK || c.AcceptFindings:
		return nil
	}
	return fmt.Errorf("the audit found that its log is not right, as that of a copy that was made while the bank ran:\n"+
		"%s%s. If the log was like that before it was copied, --accept-findings opens a bank that has these faults",
		report, copyAgain)
}

const copyAgain = "Copy it again while the bank is stopped or from a snapshot of its file system, or make the bank " +
	"of a backup: corebank backup copies a bank that runs"

// torn adds what to do about a log that cannot be read.
func torn(err error) error {
	return fmt.Errorf("its log cannot be read, as that of a copy that was made while the bank ran: %w. %s", err,
		copyAgain)
}
