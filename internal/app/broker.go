package app

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Bounds of watching the broker.
const (
	brokerEvery = 2 * time.Second
	// brokerGrace is how long the broker must answer this app, while the sidecar
	// has no connection to it, before the sidecar is ended.
	brokerGrace = 6 * time.Second
	brokerProbe = 2 * time.Second
	endTimeout  = 5 * time.Second
)

// gaveUp is the error of the sidecar's client of the broker when it will not
// connect again: it tries for two minutes.
const gaveUp = "connection closed"

// broker is the state of the sidecar's connection to the broker.
type broker struct {
	mu      sync.Mutex
	lost    bool      // the sidecar has given up its connection
	answers time.Time // since when the broker answers this app meanwhile; zero if it does not
}

// used records how a use of the broker ended.
func (b *broker) used(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.lost, b.answers = false, time.Time{}
	case strings.Contains(err.Error(), gaveUp):
		b.lost = true
	}
}

func (b *broker) isLost() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

// due records whether the broker answers, and reports whether to end the sidecar.
func (b *broker) due(answers bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !answers || !b.lost:
		b.answers = time.Time{}
	case b.answers.IsZero():
		b.answers = time.Now()
	default:
		return time.Since(b.answers) >= brokerGrace
	}
	return false
}

// MindBroker ends the sidecar when it has given up the broker and the broker
// answers again, so that the supervisor of the sidecar starts it again. It returns
// when ctx ends. probe asks the broker; if it is nil, nothing is watched.
func (s *Sidecar) MindBroker(ctx context.Context, probe func(context.Context) error) error {
	if probe == nil {
		return nil
	}
	return s.broker.mind(ctx, probe, s.Shutdown)
}

func (b *broker) mind(ctx context.Context, probe, end func(context.Context) error) error {
	for Pause(ctx, brokerEvery) {
		if !b.isLost() || !b.due(within(ctx, brokerProbe, probe) == nil) {
			continue
		}
		slog.Warn("the sidecar has given up the broker, which answers again; ending the sidecar, so that it is started again")
		if err := within(ctx, endTimeout, end); err != nil {
			slog.Warn("the sidecar could not be ended, trying again; restart it by hand if this continues", "error", err)
			continue
		}
		b.used(nil)
	}
	return nil
}

func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return do(ctx)
}
