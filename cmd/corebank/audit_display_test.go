package main

import (
	"strings"
	"testing"
	"time"
)

func TestALongAuditShowsItsRateAndTheTimeLeft(t *testing.T) {
	var out strings.Builder
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	d := &auditDisplay{out: &out, now: func() time.Time { return now }}
	d.tell(0, 1, 1000)
	now = now.Add(100 * time.Millisecond)
	d.tell(50_000, 100, 1000) // too soon to be read
	now = now.Add(1900 * time.Millisecond)
	d.tell(100_000, 250, 1000)
	d.end()
	if want := "\r\x1b[K100000 records   25 %  50000/s  6s left\r\x1b[K"; out.String() != want {
		t.Errorf("it shows %q, want %q", out.String(), want)
	}
}

func TestAnAuditThatNobodyWatchesShowsNothing(t *testing.T) {
	var out strings.Builder
	d := newAuditDisplay(&out) // a terminal is a file
	now := time.Now()
	d.now = func() time.Time { now = now.Add(time.Minute); return now }
	for i := range uint64(5) {
		d.tell(int64(i), i+1, 5)
	}
	d.end()
	if out.Len() > 0 {
		t.Errorf("it shows %q", out.String())
	}
}
