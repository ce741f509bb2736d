package torture

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Fault is one fault of a plan.
type Fault struct {
	Kind Kind
	// Calm is how long the bank is left alone before it.
	Calm time.Duration
	// Lasts is how long a part stays frozen or a connection bad; 0 for what happens at once.
	Lasts time.Duration
}

// Bounds of a plan. A bank that has healed is hurt again soon, and most of what
// lasts does so for a moment: a fault that begins and ends while requests are
// under way finds as much as one that everybody has given up waiting for. One
// in longEvery of each kind is of the other sort.
const (
	calmLeast   = 50 * time.Millisecond
	calmMost    = 400 * time.Millisecond
	lastsLeast  = 250 * time.Millisecond
	lastsMost   = 3 * time.Second
	longEvery   = 20
	longestEver = time.Minute
	longestLink = 30 * time.Second
	// awayFor is longer than the two minutes that a sidecar tries.
	awayFor      = 150 * time.Second
	longestShare = 6 // of the run that one fault may last
)

// Longest is how long a fault may last in a run of a duration.
func Longest(run time.Duration) time.Duration {
	return min(max(run/longestShare, lastsLeast), longestEver)
}

// Plan is the schedule of a seed: it has every chosen fault once before it has
// any a second time. It never ends.
type Plan struct {
	random  *rand.Rand
	kinds   []Kind
	longest time.Duration
	bag     []Kind
	round   int
}

// NewPlan makes the plan of a seed. The same arguments make the same plan.
func NewPlan(seed uint64, kinds []Kind, longest time.Duration) *Plan {
	return &Plan{random: rand.New(rand.NewPCG(seed, 1)), kinds: kinds, longest: longest}
}

// Next is the next fault.
func (p *Plan) Next() Fault {
	if len(p.bag) == 0 {
		p.round++
		p.bag = slices.Clone(p.kinds)
		p.random.Shuffle(len(p.bag), func(i, j int) { p.bag[i], p.bag[j] = p.bag[j], p.bag[i] })
	}
	f := Fault{Kind: p.bag[0], Calm: calmLeast + time.Duration(p.random.Int64N(int64(calmMost-calmLeast)))}
	p.bag = p.bag[1:]
	short, long := p.random.Float64(), p.random.Float64() // drawn for each, so that kinds do not change each other's
	if f.Kind.lasts() {
		f.Lasts = p.lasts(f.Kind, short, long).Round(time.Millisecond)
	}
	return f
}

// lasts is how long a fault lasts: mostly a moment; in one of longEvery rounds,
// another for each kind, up to the longest.
func (p *Plan) lasts(kind Kind, short, long float64) time.Duration {
	if kind == BrokerAway {
		return awayFor
	}
	longest := p.longest
	if what, _ := kind.split(); what != Freeze {
		longest = min(longest, longestLink)
	}
	if (p.round+slices.Index(p.kinds, kind))%longEvery == 0 {
		return longest - time.Duration(long/2*float64(longest))
	}
	// As many faults between a quarter and half a second as between one and two.
	return min(time.Duration(float64(lastsLeast)*math.Pow(float64(lastsMost)/float64(lastsLeast), short)), longest)
}

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

func (a *agenda) next(now time.Duration) (Fault, bool) {
	if a.total > 0 && a.done == a.total || a.until > 0 && now >= a.until {
		return Fault{}, false
	}
	a.done++
	f := a.plan.Next()
	a.elapsed += f.Calm + f.Lasts
	return f, true
}

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
		return fmt.Sprintf("%d %s left", p.done, minutes(p.left))
	}
	return fmt.Sprintf("%d/%d %s", p.done, p.total, minutes(p.left))
}
