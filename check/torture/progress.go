package torture

import (
	"fmt"
	"time"
)

// agenda is the plan of a run with its end: after a time, or after a count.
type agenda struct {
	plan  *Plan
	until time.Duration // on the run's clock; 0 for no time
	began time.Duration
	total int // faults to do; 0 for no count
	done  int
	// planned is how long the faults of a count last and keep calm, all that
	// were done took beside that.
	planned, elapsed time.Duration
}

func (c Config) longest() time.Duration {
	if c.Each > 0 {
		return longestEver
	}
	return Longest(c.Duration)
}

func newAgenda(c Config, now time.Duration) *agenda {
	a := &agenda{plan: NewPlan(c.Seed, c.Kinds, c.longest()), began: now, total: c.Each * len(c.Kinds)}
	if c.Each == 0 {
		a.until = now + c.Duration
	}
	ahead := NewPlan(c.Seed, c.Kinds, c.longest())
	for range a.total {
		f := ahead.Next()
		a.planned += f.Calm + f.Lasts
	}
	return a
}

// next is the next fault, unless the run is over.
func (a *agenda) next(now time.Duration) (Fault, bool) {
	if a.total > 0 && a.done == a.total || a.until > 0 && now >= a.until {
		return Fault{}, false
	}
	a.done++
	f := a.plan.Next()
	a.elapsed += f.Calm + f.Lasts
	return f, true
}

// progress tells how far a run is.
type progress struct {
	done, total int
	left        time.Duration
}

func (a *agenda) progress(now time.Duration) progress {
	p := progress{done: a.done, total: a.total, left: a.until - now}
	if a.total > 0 {
		beside := (now - a.began - a.elapsed) / time.Duration(a.done) // what each took to recover
		p.left = a.planned - a.elapsed + beside*time.Duration(a.total-a.done)
	}
	p.left = max(0, p.left)
	return p
}

// String is for a person who waits.
func (p progress) String() string {
	if p.total == 0 {
		return fmt.Sprintf("%d, %s left", p.done, minutes(p.left))
	}
	return fmt.Sprintf("%d of %d, about %s left", p.done, p.total, minutes(p.left))
}
