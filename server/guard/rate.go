package guard

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"corebank/server/connlimit"
)

// Rates bounds requests in points of cost per second; 0 is no bound. A burst may
// use the points of two seconds at once.
type Rates struct {
	PerPrincipal int
	PerAddress   int
}

// Bounds of the rates.
const (
	bucketsKept  = 20_000 // of the most recent principals or addresses
	burstSeconds = 2
	// requestCost is the minimum cost of a request, answered or refused.
	requestCost = 10
)

// buckets holds a token bucket for each of the most recent callers.
type buckets struct {
	perSecond, burst float64

	mu     sync.Mutex
	recent *simplelru.LRU[string, *bucket]
}

// bucket has the points that a caller has left. They are below zero after a request
// that took more than a burst.
type bucket struct {
	points float64
	at     time.Time
}

// newBuckets is nil for no bound.
func newBuckets(perSecond, burst int) *buckets {
	if perSecond <= 0 {
		return nil
	}
	recent, err := simplelru.NewLRU[string, *bucket](bucketsKept, nil)
	if err != nil {
		panic(err) // the size is below 1: a programming error
	}
	return &buckets{perSecond: float64(perSecond), burst: float64(burst), recent: recent}
}

// take takes points from a caller's bucket, or returns how long it takes until
// the bucket has them. A request of more points than a burst needs a full bucket
// and leaves it below zero: it is answered, and paid for afterwards.
func (b *buckets) take(caller string, points int) (wait time.Duration) {
	if b == nil || points <= 0 {
		return 0
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	own, known := b.recent.Get(caller)
	if !known {
		own = &bucket{points: b.burst, at: now}
		b.recent.Add(caller, own)
	}
	own.points = min(b.burst, own.points+now.Sub(own.at).Seconds()*b.perSecond)
	own.at = now
	if missing := min(float64(points), b.burst) - own.points; missing > 0 {
		return max(time.Duration(missing/b.perSecond*float64(time.Second)), 1)
	}
	own.points -= float64(points)
	return 0
}

// network is the range of addresses that one client can use.
func network(remote string) string { return connlimit.Network(remote) }
