package guard

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// Rates bounds how much may be asked for in time, in points of cost per second;
// 0 is without bound. Up to two seconds' worth may come at once.
type Rates struct {
	PerPrincipal int
	PerAddress   int
}

// Bounds of the rates.
const (
	bucketsKept  = 20_000 // principals or addresses that are remembered
	burstSeconds = 2
	// requestCost is what a request costs at the least, answered or refused.
	requestCost = 10
)

// buckets holds a token bucket for each of those who asked most lately.
type buckets struct {
	perSecond rate.Limit
	burst     int

	mu   sync.Mutex
	kept *simplelru.LRU[string, *rate.Limiter]
}

// newBuckets is nil for no bound. A burst holds at least one request of the
// greatest cost, so that each can be answered in the end.
func newBuckets(perSecond, greatest int) *buckets {
	if perSecond <= 0 {
		return nil
	}
	kept, err := simplelru.NewLRU[string, *rate.Limiter](bucketsKept, nil)
	if err != nil {
		panic(err) // a size below 1: a mistake in this program
	}
	return &buckets{perSecond: rate.Limit(perSecond), burst: max(burstSeconds*perSecond, greatest+requestCost), kept: kept}
}

// take takes points from who's bucket, or tells how long until they are there.
func (b *buckets) take(who string, points int) (wait time.Duration) {
	if b == nil || points <= 0 {
		return 0
	}
	taken := b.of(who).ReserveN(time.Now(), min(points, b.burst))
	if wait = taken.Delay(); wait > 0 {
		taken.Cancel()
	}
	return wait
}

func (b *buckets) of(who string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	limiter, known := b.kept.Get(who)
	if !known {
		limiter = rate.NewLimiter(b.perSecond, b.burst)
		b.kept.Add(who, limiter)
	}
	return limiter
}

// neighbours is what one client can speak from: an IPv4 address, or the 64 bits
// of an IPv6 network.
func neighbours(remote string) string {
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
	network, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return network.String()
}
