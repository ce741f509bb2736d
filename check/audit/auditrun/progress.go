package auditrun

import (
	"fmt"
	"io"
	"time"

	"corebank/internal/terminal"
)

// progress shows on a terminal how far an audit is.
type progress struct {
	line  *terminal.Line // nil without a terminal
	now   func() time.Time
	began time.Time
	shown time.Time
}

// progressPause is the least time between two changes of the line, and before the first: a short audit shows none.
const progressPause = 200 * time.Millisecond

func newProgress(out io.Writer) *progress {
	p := &progress{now: time.Now}
	if line := terminal.NewLine(out); line.Terminal {
		p.line = line
	}
	return p
}

// show shows the number of records so far, and how many of all transactions of immudb are read.
func (p *progress) show(records int64, done, all uint64) {
	if p.line == nil {
		return
	}
	now := p.now()
	if p.began.IsZero() {
		p.began, p.shown = now, now
	}
	if now.Sub(p.shown) < progressPause {
		return
	}
	p.shown = now
	took := now.Sub(p.began)
	left := time.Duration(float64(took) * float64(all-done) / float64(done))
	p.line.Show(fmt.Sprintf("%d records  %3d %%  %.0f/s  %s left", records, done*100/all,
		float64(records)/took.Seconds(), left.Round(time.Second)))
}

// end removes the line.
func (p *progress) end() {
	if p.line != nil {
		p.line.Erase()
	}
}
