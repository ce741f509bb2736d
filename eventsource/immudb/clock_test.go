package immudb

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestAClockThatDiffersFromImmudbsIsNoticed once, and that it was set.
func TestAClockThatDiffersFromImmudbsIsNoticed(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var d drift
	for _, off := range []time.Duration{0, 30 * time.Second, 3 * time.Hour, 3 * time.Hour, 0, -400 * 24 * time.Hour} {
		d.note(now.Add(off).Unix(), now, logger)
	}
	if strings.Count(log.String(), "differ:") != 2 || strings.Count(log.String(), "agree again") != 1 {
		t.Errorf("it says:\n%s", &log)
	}
}
