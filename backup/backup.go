package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"corebank/backup/archive"
	"corebank/eventsource/immudb"
	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/output"
	"corebank/internal/scratch"
	"corebank/internal/terminal"
	"corebank/localbank/storedlog"
)

// Config says what is backed up, and how.
type Config struct {
	storedlog.Config
	// Out is the directory of the backup, or output.Stdout.
	Out string
	// RecipientFile, unless it is empty, says for whom the backup is encrypted, and IdentityFile has the key to a drill.
	RecipientFile, IdentityFile string
	// Busy is how many percent of the time the backup works: the rest is the bank's.
	Busy int
	// Drill restores the backup afterwards into a temporary place and audits it, with the corebank at Program.
	Drill   bool
	Program string
}

// Check refuses a configuration that makes no sense.
func (c *Config) Check() error {
	if err := c.Config.Check(); err != nil {
		return err
	}
	switch {
	case c.Busy < 1 || c.Busy > 100:
		return fmt.Errorf("--busy %d: want 1 to 100 percent", c.Busy)
	case c.Drill && c.Out == output.Stdout:
		return errors.New("--drill needs a directory: leave it out with --out -")
	case c.Drill && c.RecipientFile != "" && c.IdentityFile == "":
		return errors.New("--drill of an encrypted backup needs --identity-file; " +
			"or try it out where the key is: corebank restore --drill")
	}
	return nil
}

// Run backs up, and tells out what it did.
func Run(ctx context.Context, c Config, stdout, progress io.Writer) error {
	out, result := stdout, Result{}
	if c.Out == output.Stdout {
		out = progress // the output is the backup
	}
	err := c.Complete(ctx)
	if err == nil {
		result, err = c.backUp(ctx, stdout, progress)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(out, result); err != nil || !c.Drill {
		return err
	}
	return Drill(ctx, RestoreConfig{From: c.Out, IdentityFile: c.IdentityFile, Program: c.Program}, out, progress)
}

func (c *Config) backUp(ctx context.Context, stdout, progress io.Writer) (result Result, err error) {
	var seal archive.Sealer
	if c.RecipientFile != "" {
		if seal, err = archive.ReadRecipients(c.RecipientFile); err != nil {
			return result, fmt.Errorf("--recipient-file: %w", err)
		}
	}
	state, err := scratch.Make("backup")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(state)
	c.Immudb.StateDir = state
	from, err := openSource(ctx, c.Databases())
	if err != nil {
		return result, c.Explain("a backup", err)
	}
	defer func() { err = errors.Join(err, from.close(context.WithoutCancel(ctx))) }()
	to, err := c.writer(from.origin, seal, stdout)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	result.Since, result.Out = to.End().Position, c.Out
	show := terminal.NewProgress(progress, "backed up")
	defer show.End()
	if err := copyLog(ctx, from, to, float64(c.Busy)/100, show); err != nil {
		return result, err
	}
	result.of(&to.Manifest, to.Records, to.Files)
	return result, nil
}

func (c *Config) writer(of archive.Origin, seal archive.Sealer, stdout io.Writer) (*archive.Writer, error) {
	if c.Out == output.Stdout {
		return archive.Stream(stdout, of, seal, time.Now), nil
	}
	return archive.Append(c.Out, of, seal, time.Now)
}

// copyLog adds what the log has now and the backup has not. It works a share of the time.
func copyLog(ctx context.Context, from *source, to *archive.Writer, share float64, show *terminal.Progress) error {
	head, err := from.Head(ctx)
	if err != nil {
		return err
	}
	if err := checkPast(ctx, from.Log, from.origin.Log, head, to.End()); err != nil {
		return err
	}
	first := to.End().Position
	for after := first; after < head; {
		began := time.Now()
		records, err := from.ReadAll(ctx, after, int(min(head-after, contract.MaxReadRecords)))
		if err == nil && len(records) == 0 {
			err = fmt.Errorf("the log ends at %d and has no record after position %d", head, after)
		}
		if err == nil {
			records = records[:min(int64(len(records)), head-after)]
			err = to.Add(records)
		}
		if err != nil {
			return err
		}
		after += int64(len(records))
		show.Show(after-first, after-first, head-first)
		pause := time.Duration(float64(time.Since(began)) * (1 - share) / share)
		if after < head && !app.Pause(ctx, pause) {
			return ctx.Err()
		}
	}
	return to.Finish()
}

var _ Log = (*immudb.Log)(nil)
