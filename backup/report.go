package backup

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"corebank/backup/archive"
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
