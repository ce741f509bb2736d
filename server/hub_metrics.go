package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"corebank/internal/metrics"
)

// endReason is why the gateway ended a subscription.
type endReason string

const (
	endLagged     endReason = "lagged" // the subscriber was too slow
	endRestored   endReason = "restored"
	endUnreadable endReason = "unreadable"
)

// hubMetrics is what a hub counts.
type hubMetrics struct {
	started, delivered prometheus.Counter
	ended              *metrics.Counters[endReason]
}

func newHubMetrics() *hubMetrics {
	return &hubMetrics{
		started: metrics.Total("corebank_subscriptions_started_total",
			"Subscriptions, and queries that wait for a change, that have begun."),
		delivered: metrics.Total("corebank_subscription_items_total",
			"Transactions and heartbeats that subscriptions have delivered."),
		ended: metrics.NewCounters("corebank_subscriptions_ended_total", "Subscriptions that the gateway ended, and why.",
			"reason", []endReason{endLagged, endRestored, endUnreadable}),
	}
}

// Metrics are what Prometheus shows of a hub.
func (h *SubscriptionHub) Metrics() []prometheus.Collector {
	m := h.metrics
	return []prometheus.Collector{m.started, m.delivered, m.ended,
		metrics.Gauge("corebank_subscriptions", "Subscriptions, and queries that wait for a change.", func() float64 {
			return float64(h.Subscribers())
		}),
		metrics.Gauge("corebank_subscriptions_limit", "How many of them there may be.",
			func() float64 { return maxSubscriptions }),
		metrics.Gauge("corebank_feed_position", "The last position of the log that subscribers were given.",
			func() float64 { return float64(h.position()) }),
		metrics.Gauge("corebank_feed_waiting_items", "The most items that wait for one subscriber.", h.longest),
		metrics.Gauge("corebank_feed_waiting_items_limit", "With more items than this, a subscriber is disconnected.",
			func() float64 { return maxWaitingItems }),
	}
}

// Subscribers are the subscriptions, and queries that wait for a change, that the
// next transaction may reach without a look at the log.
func (h *SubscriptionHub) Subscribers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// longest is how many items wait for the slowest subscriber.
func (h *SubscriptionHub) longest() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	longest := 0
	for _, subscriptions := range h.subscriptions {
		for s := range subscriptions {
			s.mu.Lock()
			longest = max(longest, len(s.waiting))
			s.mu.Unlock()
		}
	}
	return float64(longest)
}
