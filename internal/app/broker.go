package app

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Bounds of minding the broker.
const (
	brokerEvery = 2 * time.Second
	// brokerGrace is how long the broker must have answered us while the sidecar
	// still says that it has no connection, before the sidecar is ended.
	brokerGrace = 6 * time.Second
	brokerProbe = 2 * time.Second
	endTimeout  = 5 * time.Second
)

// gaveUp is how the sidecar's client of the broker says that it will not connect
// again: it tries for two minutes.
const gaveUp = "connection closed"

// broker is what is known of the sidecar's connection to the broker.
type broker struct {
	mu      sync.Mutex
	lost    bool      // the sidecar has given its connection up
	answers time.Time // since when the broker answers us meanwhile; zero if it does not
}

// heard notes how a use of the broker ended.
func (b *broker) heard(err error) {
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

// due notes whether the broker answers, and reports whether it is time to end
// the sidecar.
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

// MindBroker ends the sidecar when it has given the broker up for good and the
// broker answers again, so that whoever runs the sidecar starts it anew. It
// returns when ctx ends. probe asks the broker; nil minds nothing.
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
		slog.Warn("the sidecar has given the broker up, which answers again; ending the sidecar so that it is started anew")
		if err := within(ctx, endTimeout, end); err != nil {
			slog.Warn("the sidecar could not be ended, trying again; restart it by hand if this goes on", "error", err)
			continue
		}
		b.heard(nil)
	}
	return nil
}

func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return do(ctx)
}
