package backup

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"

	"corebank/backup/archive"
	"corebank/internal/terminal"
)

// Result is what a backup did.
type Result struct {
	Out     string
	Since   int64 // the position at which the backup ended before
	End     int64
	At      time.Time // when the last record was decided
	Records int64     // that were added, in so many files
	Files   int
	Bytes   int64 // of all files
}

func (r *Result) of(m *archive.Manifest, records int64, files int) {
	r.End, r.At, r.Bytes, r.Records, r.Files = m.End().Position, m.At(), m.Bytes(), records, files
}

// String is for a person.
func (r Result) String() string {
	if r.Records == 0 {
		return fmt.Sprintf("Nothing is new: the backup in %s ends at position %d.\n", r.Out, r.End)
	}
	return fmt.Sprintf("Backed up %s records, positions %d to %d, into %s (files added: %d).\n",
		humanize.Comma(r.Records), r.Since+1, r.End, r.Out, r.Files) +
		fmt.Sprintf("The backup ends with what was decided at %s, and takes %s.\n",
			r.At.UTC().Format(time.RFC3339), humanize.IBytes(uint64(r.Bytes)))
}

// progress shows on a terminal how far long work is.
type progress struct {
	line  *terminal.Line
	did   string
	began time.Time
	shown time.Time
}

const progressPause = 200 * time.Millisecond

func newProgress(out io.Writer, did string) *progress {
	now := time.Now()
	return &progress{line: terminal.NewLine(out), did: did, began: now, shown: now}
}

func (p *progress) show(done, all int64) {
	now := time.Now()
	if !p.line.Terminal || now.Sub(p.shown) < progressPause || done == 0 {
		return
	}
	p.shown = now
	took := now.Sub(p.began)
	left := time.Duration(float64(took) * float64(all-done) / float64(done))
	p.line.Show(fmt.Sprintf("%s %d of %d records  %3d %%  %.0f/s  %s left", p.did, done, all, done*100/all,
		float64(done)/took.Seconds(), left.Round(time.Second)))
}

func (p *progress) end() { p.line.Erase() }
