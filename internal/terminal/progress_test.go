package terminal

import (
	"strings"
	"testing"
	"time"
)

// work shows the progress of work that takes 2 s for a quarter.
func work(p *Progress) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	p.began, p.shown, p.now = now, now, func() time.Time { return now }
	now = now.Add(100 * time.Millisecond)
	p.Show(50_000, 100, 1000) // too soon to be read
	now = now.Add(1900 * time.Millisecond)
	p.Show(100_000, 250, 1000)
	p.End()
}

func TestLongWorkShowsItsRateAndTheTimeLeft(t *testing.T) {
	const line = "audited 100000 records   25 %  50000/s  6s left"
	for name, test := range map[string]struct {
		terminal  bool
		elsewhere time.Duration
		want      string
	}{
		"on a terminal":                   {terminal: true, want: "\r\x1b[K" + line + "\r\x1b[K"},
		"elsewhere, without being asked":  {want: ""},
		"elsewhere, where it is asked to": {elsewhere: time.Second, want: line + "\n"},
		"elsewhere, before it is time":    {elsewhere: time.Minute, want: ""},
	} {
		var out strings.Builder
		p := NewProgress(&out, "audited")
		p.line.Terminal, p.Elsewhere = test.terminal, test.elsewhere
		if work(p); out.String() != test.want {
			t.Errorf("%s it shows %q, want %q", name, out.String(), test.want)
		}
	}
}
