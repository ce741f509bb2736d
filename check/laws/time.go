package laws

import (
	"time"

	"corebank/internal/contract"
)

// clocksDiffer is what the clocks of two machines may differ, and a commit takes.
const clocksDiffer = time.Minute

// checkTime checks when a record was made. The event source takes no record that is dated further ahead of its clock
// than contract.MaxClockStep, so that none is so far ahead of its commit. Logs of earlier builds may have such records,
// and their accounts turn back from them.
func (l *Log) checkTime(r contract.Record, acc *account) {
	at, last := r.At, acc.state.ChangedAt
	_, offset := at.Zone()
	wrong := func(expected string) { l.findings.about(r, Time, expected, at.Format(time.RFC3339Nano)) }
	switch {
	case at.IsZero() || offset != 0 || !at.Equal(at.Truncate(time.Microsecond)):
		wrong("a time in UTC and whole microseconds")
	case at.Before(last) && (last.Sub(at) <= contract.MaxClockStep || l.wasDue(last)):
		wrong("no time before the account's last event, " + last.Format(time.RFC3339Nano))
	case isFarAhead(at, l.committed):
		wrong("no time far after its commit, " + l.committed.Format(time.RFC3339))
	case !l.committed.IsZero() && isFarAhead(at, l.Now):
		wrong("no time far after this audit, " + l.Now.UTC().Format(time.RFC3339))
	}
}

// wasDue reports whether a time had come when the next record was committed, so that nothing may turn back from it.
func (l *Log) wasDue(t time.Time) bool {
	return !l.committed.IsZero() && t.Before(l.committed.Add(-clocksDiffer))
}

// isFarAhead reports whether a time is further ahead of a clock than the bank lets it be; no time is ahead of a zero
// clock.
func isFarAhead(t, clock time.Time) bool {
	return !clock.IsZero() && t.Sub(clock) > contract.MaxClockStep+clocksDiffer
}
