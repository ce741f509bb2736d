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
	probeKept    = 500 * time.Millisecond
)

// probe asks for readiness at most twice a second, whoever asks it how often:
// health checks must not be a load.
type probe struct {
	ask func(context.Context) contract.Readiness

	mu   sync.Mutex
	last contract.Readiness
	at   time.Time
}

func newProbe(ask func(context.Context) contract.Readiness) *probe { return &probe{ask: ask} }

// Ready is the newest answer.
func (p *probe) Ready(ctx context.Context) contract.Readiness {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) < probeKept {
		return p.last
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	p.last = p.ask(ctx)
	p.at = time.Now()
	return p.last
}
