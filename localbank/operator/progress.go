package operator

import (
	"fmt"
	"io"
	"time"

	"corebank/internal/terminal"
	"corebank/projector"
)

// progressPause is the least time between two lines of progress, if the output is
// no terminal.
const progressPause = 5 * time.Second

// progress shows how far a rebuild is.
type progress struct {
	line *terminal.Line
	now  func() time.Time

	phase string
	began time.Time // of the phase
	from  int64     // the progress at its beginning
	shown time.Time
}

func newProgress(out io.Writer) *progress {
	return &progress{line: terminal.NewLine(out), now: time.Now}
}

func (s *progress) show(p projector.Progress) {
	now := s.now()
	if p.Phase != s.phase {
		s.line.End()
		s.phase, s.began, s.from, s.shown = p.Phase, now, p.Done, time.Time{}
	}
	last := p.Done == p.Total
	if !s.line.Terminal && !last && now.Sub(s.shown) < progressPause {
		return
	}
	s.shown = now
	s.line.Show(s.text(p, now.Sub(s.began)))
}

// text describes the progress, with the rate of the phase and the time that is
// left at that rate.
func (s *progress) text(p projector.Progress, took time.Duration) string {
	if p.Total == 0 {
		return p.Phase
	}
	text := fmt.Sprintf("%-9s  %d of %d  %3d %%", p.Phase, p.Done, p.Total, p.Done*100/p.Total)
	rate := float64(p.Done-s.from) / took.Seconds()
	if took <= 0 || rate <= 0 {
		return text
	}
	left := time.Duration(float64(p.Total-p.Done) / rate * float64(time.Second))
	return fmt.Sprintf("%s  %.0f/s  %s left", text, rate, left.Round(time.Second))
}
