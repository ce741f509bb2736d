package projector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/logclient"
	"corebank/internal/metrics"
	"corebank/internal/view/viewstore"
)

// Config is what the read-model app needs to run.
type Config struct {
	// Health is the address of /healthz and /readyz, and of the admin endpoint,
	// which accepts requests from this machine only.
	Health string
	// Metrics says where the metrics are.
	Metrics metrics.Config
	Views   viewstore.Config
	// AdminToken is the token of the admin endpoint. Without one, it accepts no
	// requests.
	AdminToken string
	// Lease, if set, is held by the one projector that works, of several on the same views.
	// The others stand by.
	Lease *lease.Lease
	// Broker, when set, checks whether the broker works: see app.MindBroker.
	Broker func(context.Context) error
	// EventSources are the apps that have the log, on several machines: one works, the
	// others stand by. Without any, there is one with its usual name.
	EventSources []string
}

// readTimeout limits how long a request may take to arrive.
const readTimeout = 5 * time.Second

// Run runs the app until ctx ends. It first catches up with the log, then
// follows the topic.
func Run(ctx context.Context, config Config, log *slog.Logger) error {
	health, err := net.Listen("tcp", config.Health)
	if err != nil {
		return err
	}
	measured, err := metrics.Open(config.Metrics, prometheus.Labels{"app": contract.AppProjector})
	if err != nil {
		return err
	}
	generations, err := config.Views.OpenGenerations()
	if err != nil {
		return fmt.Errorf("open the views: %w", err)
	}
	live, err := generations.Live(ctx)
	if err != nil {
		return fmt.Errorf("open the views: %w", err)
	}
	sidecar, err := app.DialSidecar()
	if err != nil {
		return errors.Join(err, live.Store.Close(ctx))
	}
	defer sidecar.Close()

	p := New(live.Store, newReadAheadLog(logclient.New(sidecar, config.EventSources...)), log)
	defer p.Close(context.WithoutCancel(ctx))
	measured.Add(p.Metrics()...)
	measured.Add(config.Lease.Metrics()...)
	f := &following{p: p, generations: generations, log: log, lease: config.Lease}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return measured.Serve(ctx) })
	group.Go(func() error { return sidecar.MindBroker(ctx, config.Broker) })
	group.Go(func() error { return f.runWhileLeading(ctx, sidecar) })
	group.Go(func() error {
		mux := http.NewServeMux()
		AddAdmin(mux, p, generations, config.AdminToken)
		app.AddHealth(mux, sidecar.AlsoReady(func(context.Context) contract.Readiness {
			switch s := p.Status(); {
			case s.Rebuilding != "":
				return contract.Readiness{Reason: fmt.Sprintf("the views are built again, because %s", s.Rebuilding)}
			case errors.Is(s.Fault, logclient.ErrOtherLog):
				return contract.Readiness{Reason: s.Fault.Error()}
			}
			if f.standsBy() {
				return contract.Readiness{Ready: true, Reason: "stands by: another projector keeps the views up to date"}
			}
			if !f.caughtUp.Load() {
				return contract.Readiness{Reason: fmt.Sprintf(
					"the views are catching up with the log and are at position %d", p.Position())}
			}
			return contract.Readiness{Ready: true}
		}))
		return app.ServeHTTP(ctx, health, &http.Server{Handler: mux, ReadTimeout: readTimeout,
			BaseContext: func(net.Listener) context.Context { return ctx }})
	})
	return group.Wait()
}
