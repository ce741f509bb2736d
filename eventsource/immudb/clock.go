package immudb

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// maxDrift is how far immudb's clock may be from ours before that is worth a warning.
const maxDrift = time.Minute

// drift notices that immudb dates commits by another clock than ours: one of the two is wrong, and records are dated by
// clocks.
type drift struct{ noticed atomic.Bool }

// note compares the time of a commit, in whole seconds, with ours. It warns once until the clocks agree again.
func (d *drift) note(committed int64, now time.Time, log *slog.Logger) {
	off := now.Sub(time.Unix(committed, 0)).Truncate(time.Second)
	if far := off.Abs() > maxDrift; d.noticed.Swap(far) != far {
		if far {
			log.Warn("the clocks of immudb and of the event source differ: set both", "difference", off)
		} else {
			log.Info("the clocks of immudb and of the event source agree again")
		}
	}
}
