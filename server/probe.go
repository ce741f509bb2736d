package server

import (
	"context"
	"sync"
	"time"

	"corebank/internal/contract"
)

// Bounds of a readiness probe.
const (
	probeTimeout = 2 * time.Second
	probeMaxAge  = 500 * time.Millisecond
)

// probe checks readiness at most twice a second, however often it is called:
// health checks must not cause load.
type probe struct {
	ask func(context.Context) contract.Readiness

	mu   sync.Mutex
	last contract.Readiness
	at   time.Time
}

func newProbe(ask func(context.Context) contract.Readiness) *probe { return &probe{ask: ask} }

// Ready returns the newest answer.
func (p *probe) Ready(ctx context.Context) contract.Readiness {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) < probeMaxAge {
		return p.last
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	p.last = p.ask(ctx)
	p.at = time.Now()
	return p.last
}
