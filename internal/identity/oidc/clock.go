package oidc

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// The clocks of all machines of a bank may be wrong together. What comes from
// the issuer tells: when it answered, and when it signed a token.
const (
	// maxDrift is how far its clock may be from ours before that is worth a warning.
	maxDrift = time.Minute
	// warnAgain bounds how often tokens of the future are warned of.
	warnAgain = time.Minute
)

// compareClocks warns if an answer is from another time than ours.
func compareClocks(from string, answer http.Header, now time.Time) {
	at, err := http.ParseTime(answer.Get("Date"))
	if off := now.Sub(at).Truncate(time.Second); err == nil && off.Abs() > maxDrift {
		slog.Warn("the clocks of this machine and of the token issuer differ: set both", "issuer", from, "difference", off)
	}
}

// future are the tokens that the issuer signed after our now.
type future struct{ warned atomic.Int64 }

// warn warns of one, at most once in a while.
func (f *future) warn(now time.Time) {
	last := f.warned.Load()
	if now.UnixNano()-last > int64(warnAgain) && f.warned.CompareAndSwap(last, now.UnixNano()) {
		slog.Warn("a token of the issuer is not valid yet: the clock of this machine is behind, or the issuer's is ahead",
			"clock", now.UTC().Format(time.RFC3339))
	}
}
