package client

import (
	"testing"
	"time"
)

func TestADayBeginsWhereItsZoneSaysSo(t *testing.T) {
	for _, test := range []struct{ zone, day, want string }{
		{"UTC", "2026-03-01", "2026-03-01T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"},     // 23 hours long
		{"Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"},     // in summer time
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z"},     // 25 hours long
		{"Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00Z"},     // in winter time
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // there was no midnight: it began at one
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},    // midnight came twice
		{"America/St_Johns", "2006-10-29", "2006-10-29T02:30:00Z"},  // a minute of it, then an hour of the day before
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},      // there was no such day
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
		{"Asia/Kathmandu", "2026-03-01", "2026-02-28T18:15:00Z"},
		{"Pacific/Kiritimati", "2026-03-01", "2026-02-28T10:00:00Z"},
		{"Etc/GMT+12", "2026-03-01", "2026-03-01T12:00:00Z"},
	} {
		zone, err := readZone(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readFrom(test.day, time.Now(), zone)
		if err != nil || got.UTC().Format(time.RFC3339) != test.want {
			t.Errorf("%s in %s begins at %s, %v; want %s", test.day, test.zone, got.UTC(), err, test.want)
		}
	}
	for _, name := range []string{"Mars/Olympus", "../etc/passwd", "CET+1"} {
		if _, err := readZone(name); err == nil {
			t.Errorf("%s is a zone", name)
		}
	}
}

// TestToTodayCanBeSaid: a period ends now if its last day is not over.
func TestToTodayCanBeSaid(t *testing.T) {
	berlin, err := readZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC) // 1 December in Berlin
	const ends = "2026-11-30T23:30:00Z"
	for _, test := range []struct {
		text string
		zone *time.Location
		want string
	}{
		{"today", time.UTC, ends}, {"now", time.UTC, ends}, {"2026-12-01", time.UTC, ends},
		{"2026-11-30", time.UTC, "2026-11-30T00:00:00Z"}, {"yesterday", time.UTC, "2026-11-29T00:00:00Z"},
		{"2026-12-02", time.UTC, "2026-12-02T00:00:00Z"}, // the bank refuses the future
		{"2026-12-01", berlin, "2026-11-30T23:00:00Z"}, {"today", berlin, ends}, {"2026-12-02", berlin, ends},
		{"2026-12-01T00:00:00Z", time.UTC, "2026-12-01T00:00:00Z"},
		{"2026-12-01T09:00:00+09:30", time.UTC, "2026-11-30T23:30:00Z"},
	} {
		got, err := readTo(test.text, now, test.zone)
		if err != nil || got.UTC().Format(time.RFC3339) != test.want {
			t.Errorf("to %s in %s: %s, %v; want %s", test.text, test.zone, got.UTC(), err, test.want)
		}
	}
	if got, err := readFrom("today", now, berlin); err != nil || got.UTC().Format(time.RFC3339) != "2026-11-30T23:00:00Z" {
		t.Errorf("from today: %s, %v", got, err)
	}
	for _, text := range []string{"", "tomorrow", "March", "2026-02-30", "1.3.2026", "2026-03-01 10:00"} {
		if _, err := readTo(text, now, time.UTC); err == nil {
			t.Errorf("%q is a moment", text)
		}
	}
}
