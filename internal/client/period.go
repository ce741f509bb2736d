package client

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"corebank/internal/statement"
)

var errNoMoment = errors.New("want a day such as 2026-03-01, a moment such as 2026-03-01T09:30:00Z, " +
	"or yesterday, today or now")

// readZone reads the name of a time zone, or local for this machine's.
func readZone(name string) (*time.Location, error) {
	if name == "local" || name == "Local" {
		return time.Local, nil
	}
	zone, err := statement.ReadZone(cmp.Or(name, "UTC"))
	if err != nil {
		return nil, fmt.Errorf("%w, or local", err)
	}
	return zone, nil
}

// readFrom reads the first moment of a period.
func readFrom(text string, now time.Time, zone *time.Location) (time.Time, error) {
	moment, _, err := readMoment(text, now, zone)
	return moment, err
}

// readTo reads the first moment after a period. Today is not over, so a period to
// the end of today ends now.
func readTo(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "today" {
		text = "now"
	}
	moment, isDay, err := readMoment(text, now, zone)
	if tomorrow := firstMoment(now.In(zone).AddDate(0, 0, 1), zone); isDay && moment.After(now) &&
		!moment.After(tomorrow) {
		moment = now
	}
	return moment, err
}

// readMoment reads a moment, or the first moment of a day.
func readMoment(text string, now time.Time, zone *time.Location) (_ time.Time, isDay bool, err error) {
	local := now.In(zone)
	switch text {
	case "now":
		return now, false, nil
	case "today":
		return firstMoment(local, zone), true, nil
	case "yesterday":
		return firstMoment(local.AddDate(0, 0, -1), zone), true, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return firstMoment(day, zone), true, nil
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, false, errNoMoment
	}
	return moment, false, nil
}

// firstMoment is when the day of a date begins in a zone. That is not always
// midnight: where the clocks go forward at midnight, it is an hour later.
func firstMoment(date time.Time, zone *time.Location) time.Time {
	midnight := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, time.UTC)
	// The clock's settings one after the other, from before the day in any zone.
	for at := midnight.AddDate(0, 0, -2).In(zone); ; {
		start, end := at.ZoneBounds()
		_, offset := at.Zone()
		first := midnight.Add(-time.Duration(offset) * time.Second)
		if first.Before(start) {
			first = start // the clock jumped over midnight
		}
		if end.IsZero() || first.Before(end) {
			return first.In(zone)
		}
		at = end
	}
}
