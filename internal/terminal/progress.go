package terminal

import (
	"fmt"
	"io"
	"time"
)

// Progress shows how far long work on records is, in one line.
type Progress struct {
	// Did is the beginning of the line, such as "restored".
	Did string
	// Elsewhere is how often a line is printed where no person watches a terminal; 0 is never.
	Elsewhere time.Duration

	line  *Line
	now   func() time.Time
	began time.Time
	shown time.Time
}

// onTerminal is the least time between two changes of the line, and before the first: short work shows none.
const onTerminal = 200 * time.Millisecond

// NewProgress shows the progress of work that begins now.
func NewProgress(out io.Writer, did string) *Progress {
	now := time.Now()
	return &Progress{Did: did, line: NewLine(out), now: time.Now, began: now, shown: now}
}

// Show shows the number of records so far, with the rate and the time left if so much of all the work is done.
func (p *Progress) Show(records, done, all int64) {
	every := onTerminal
	if !p.line.Terminal {
		every = p.Elsewhere
	}
	now := p.now()
	if every == 0 || now.Sub(p.shown) < every || done == 0 {
		return
	}
	p.shown = now
	took := now.Sub(p.began)
	left := time.Duration(float64(took) * float64(all-done) / float64(done))
	p.line.Show(fmt.Sprintf("%s %d records  %3d %%  %.0f/s  %s left", p.Did, records, done*100/all,
		float64(records)/took.Seconds(), left.Round(time.Second)))
}

// End removes the line.
func (p *Progress) End() { p.line.Erase() }
