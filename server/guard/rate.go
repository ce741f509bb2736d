package guard

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
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
	perSecond rate.Limit
	burst     int

	mu       sync.Mutex
	limiters *simplelru.LRU[string, *rate.Limiter]
}

// newBuckets is nil for no bound. A burst allows at least one request of the
// maximum cost; otherwise such a request could never be answered.
func newBuckets(perSecond, maxCost int) *buckets {
	if perSecond <= 0 {
		return nil
	}
	limiters, err := simplelru.NewLRU[string, *rate.Limiter](bucketsKept, nil)
	if err != nil {
		panic(err) // the size is below 1: a programming error
	}
	return &buckets{perSecond: rate.Limit(perSecond), burst: max(burstSeconds*perSecond, maxCost+requestCost),
		limiters: limiters}
}

// take takes points from a caller's bucket, or returns how long it takes until
// the bucket has them.
func (b *buckets) take(caller string, points int) (wait time.Duration) {
	if b == nil || points <= 0 {
		return 0
	}
	reservation := b.of(caller).ReserveN(time.Now(), min(points, b.burst))
	if wait = reservation.Delay(); wait > 0 {
		reservation.Cancel()
	}
	return wait
}

func (b *buckets) of(caller string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	limiter, known := b.limiters.Get(caller)
	if !known {
		limiter = rate.NewLimiter(b.perSecond, b.burst)
		b.limiters.Add(caller, limiter)
	}
	return limiter
}

// network is the range of addresses that one client can use: an IPv4 address, or
// the 64 bits of an IPv6 network.
func network(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return prefix.String()
}
