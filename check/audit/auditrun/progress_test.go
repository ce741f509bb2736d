package auditrun

import (
	"strings"
	"testing"
	"time"

	"corebank/internal/terminal"
)

func TestALongAuditShowsItsRateAndTheTimeLeft(t *testing.T) {
	var out strings.Builder
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	p := newProgress(&out)
	p.line, p.now = terminal.NewLine(&out), func() time.Time { return now }
	p.line.Terminal = true
	p.show(0, 1, 1000)
	now = now.Add(100 * time.Millisecond)
	p.show(50_000, 100, 1000) // too soon to be read
	now = now.Add(1900 * time.Millisecond)
	p.show(100_000, 250, 1000)
	p.end()
	if want := "\r\x1b[K100000 records   25 %  50000/s  6s left\r\x1b[K"; out.String() != want {
		t.Errorf("it shows %q, want %q", out.String(), want)
	}
}

func TestWithoutATerminalAnAuditShowsNothing(t *testing.T) {
	var out strings.Builder
	p := newProgress(&out) // a terminal is a file
	now := time.Now()
	p.now = func() time.Time { now = now.Add(time.Minute); return now }
	for i := range uint64(5) {
		p.show(int64(i), i+1, 5)
	}
	p.end()
	if out.Len() > 0 {
		t.Errorf("it shows %q", out.String())
	}
}
