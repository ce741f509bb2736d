package banktest

import (
	"github.com/prometheus/client_golang/prometheus"

	"corebank/actor"
	"corebank/eventsource"
	"corebank/internal/contract"
	"corebank/internal/metrics"
	"corebank/server"
)

// Subscribers are the subscriptions of the bank's gateways that the next transaction reaches as it happens.
func (b *Bank) Subscribers() int { return b.hub().Subscribers() }

func (b *Bank) hub() *server.SubscriptionHub {
	b.t.Helper()
	hub, is := b.parts.Subscriptions.(*server.SubscriptionHub)
	if !is {
		b.t.Fatalf("the gateway's subscriptions are %T", b.parts.Subscriptions)
	}
	return hub
}

// Metrics is what each app of a bank with one partition shows Prometheus, by the app's name. The gateways of the bank
// count together.
func (b *Bank) Metrics() map[string]*metrics.Endpoint {
	b.t.Helper()
	log, _ := b.opened[0].(interface{ Epoch() int64 })
	audit := eventsource.NewAuditMetrics()
	collectors := map[string][][]prometheus.Collector{
		contract.AppServer: {b.parts.Metrics.Collectors(), b.hub().Metrics()},
		contract.AppActor:  {b.host.Metrics(), actor.TransferMetrics(b.driver.Status)},
		contract.AppEventSource: {eventsource.WriterMetrics(b.writers[0], log.Epoch), b.relay.Metrics(),
			audit.Collectors()},
		contract.AppProjector: {b.projector.Metrics()},
	}
	all := make(map[string]*metrics.Endpoint)
	for app, lists := range collectors {
		labels := prometheus.Labels{"app": app}
		if app == contract.AppEventSource {
			labels["partition"] = "0"
		}
		all[app] = metrics.New(nil, labels)
		for _, list := range lists {
			all[app].Add(list...)
		}
	}
	return all
}
