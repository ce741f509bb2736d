package lease

import "time"

// StandStill has a leader believe that it has not run for a while.
func (l *Lease) StandStill(d time.Duration) { l.ticked.Add(-int64(d)) }
