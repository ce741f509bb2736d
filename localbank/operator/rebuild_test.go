package operator

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"corebank/projector"
)

func TestARebuildShowsItsRateAndTheTimeLeft(t *testing.T) {
	at := time.Unix(1_000, 0)
	var out bytes.Buffer
	s := newProgress(&out)
	s.line.Terminal, s.now = true, func() time.Time { return at }
	s.show(projector.Progress{Phase: projector.PhaseBuilding, Done: 0, Total: 100_000})
	at = at.Add(2 * time.Second)
	s.show(projector.Progress{Phase: projector.PhaseBuilding, Done: 40_000, Total: 100_000})
	s.show(projector.Progress{Phase: projector.PhaseSwitching})
	s.line.End()
	for _, want := range []string{"building   40000 of 100000   40 %  20000/s  3s left\n", "switching\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q does not say %q", out.String(), want)
		}
	}
}

func TestWithoutATerminalARebuildWritesFewLines(t *testing.T) {
	at := time.Unix(1_000, 0)
	var out bytes.Buffer
	s := newProgress(&out)
	s.now = func() time.Time { return at }
	for done := range int64(101) {
		s.show(projector.Progress{Phase: projector.PhaseBuilding, Done: done, Total: 100})
		at = at.Add(100 * time.Millisecond)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 3 || !strings.Contains(out.String(), "100 of 100") {
		t.Errorf("wrote %d lines, want one at the beginning, one after 5 s and the last:\n%s", lines, out.String())
	}
}

func TestWithoutAProjectorTheErrorSaysWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		target Target
		want   string
	}{
		"no bank ever ran":      {Target{Data: t.TempDir()}, "--projector host:port"},
		"nothing listens there": {Target{Address: "127.0.0.1:1"}, "--health address"},
	} {
		t.Run(name, func(t *testing.T) {
			admin, err := test.target.admin()
			if err == nil {
				_, err = admin.Rebuild(t.Context(), func(projector.Progress) {})
				err = test.target.explain(err)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want what to do: %q", err, test.want)
			}
		})
	}
}
