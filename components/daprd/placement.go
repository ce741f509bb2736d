package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/dapr/dapr/cmd/placement/options"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/placement"
	"github.com/dapr/dapr/pkg/placement/monitoring"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
)

// placementGrace is how long the service may take to stop. It keeps nothing:
// the sidecars tell it everything again when it is back.
const placementGrace = 5 * time.Second

// runPlacement is Dapr's placement service, which tells the sidecars where
// each actor lives. It takes the official placement's flags and returns when
// told to stop, or with the fault that stopped it.
func runPlacement(arguments []string) error {
	opts, err := options.New(arguments)
	if err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	log := logger.NewLogger("dapr.placement")
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		return fmt.Errorf("set up logging: %w", err)
	}
	log.Infof("starting the Dapr placement service, version %s", version())
	if err := monitoring.InitMetrics(); err != nil {
		return fmt.Errorf("set up metrics: %w", err)
	}
	err = runUntilTold(placementGrace, func(ctx context.Context) error {
		return place(ctx, opts, log)
	})
	if err != nil {
		return err
	}
	log.Info("the placement service has stopped")
	return nil
}

// place runs the placement service, its metrics and its health checks.
func place(ctx context.Context, opts *options.Options, log logger.Logger) error {
	health := healthz.New()
	provider, err := security.New(ctx, placementSecurity(opts, health))
	if err != nil {
		return fmt.Errorf("set up security: %w", err)
	}
	exporter := metrics.New(metrics.Options{
		Enabled:       opts.Metrics.Enabled(),
		Port:          opts.Metrics.Port(),
		ListenAddress: opts.Metrics.ListenAddress(),
		Namespace:     metrics.DefaultMetricNamespace,
		Healthz:       health,
		Log:           log,
	})
	return concurrency.NewRunnerManager(exporter.Start, provider.Run, func(ctx context.Context) error {
		handler, err := provider.Handler(ctx)
		if err != nil {
			return fmt.Errorf("obtain the service's identity: %w", err)
		}
		service, err := placement.New(placementOptions(opts, handler, health))
		if err != nil {
			return fmt.Errorf("configure the service: %w", err)
		}
		pages := &http.Server{Handler: placementPages(opts, service, health), ReadHeaderTimeout: time.Second}
		address := net.JoinHostPort(opts.HealthzListenAddress, strconv.Itoa(opts.HealthzPort))
		return concurrency.NewRunnerManager(service.Run, func(ctx context.Context) error {
			return serve(ctx, pages, address)
		}).Run(ctx)
	}).Run(ctx)
}

func placementSecurity(opts *options.Options, health healthz.Healthz) security.Options {
	return security.Options{
		AppID:                   "dapr-placement",
		Mode:                    modes.DaprMode(opts.Mode),
		MTLSEnabled:             opts.TLSEnabled,
		SentryAddress:           opts.SentryAddress,
		TrustAnchorsFile:        &opts.TrustAnchorsFile,
		ControlPlaneTrustDomain: opts.TrustDomain,
		ControlPlaneNamespace:   security.CurrentNamespace(),
		Healthz:                 health,
	}
}

func placementOptions(opts *options.Options, handler security.Handler, health healthz.Healthz) placement.Options {
	return placement.Options{
		NodeID:                    opts.RaftID,
		Peers:                     opts.RaftPeers,
		Port:                      opts.PlacementPort,
		ListenAddress:             opts.PlacementListenAddress,
		ReplicationFactor:         int64(opts.ReplicationFactor),
		KeepAliveTime:             opts.KeepAliveTime,
		KeepAliveTimeout:          opts.KeepAliveTimeout,
		DisseminateTimeout:        opts.DisseminateTimeout,
		DisseminateCoalesceWindow: opts.DisseminateCoalesceWindow,
		Security:                  handler,
		Healthz:                   health,
	}
}

// placementPages answers /healthz and, when asked for, /placement/state.
// Dapr's own health server reads --healthz-listen-address and then listens on
// every interface; corebank listens on the loopback unless told otherwise.
func placementPages(opts *options.Options, service *placement.Placement, health healthz.Healthz) http.Handler {
	pages := healthPage(health)
	if !opts.MetadataEnabled {
		return pages
	}
	pages.HandleFunc("/placement/state", func(w http.ResponseWriter, r *http.Request) {
		tables, err := service.StatePlacementTables(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(tables) // the reader has gone; nobody is left to tell
	})
	return pages
}

// healthPage answers /healthz.
func healthPage(health healthz.Healthz) *http.ServeMux {
	pages := http.NewServeMux()
	pages.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !health.IsReady() {
			http.Error(w, fmt.Sprintf("not ready: %v", health.GetUnhealthyTargets()), http.StatusServiceUnavailable)
		}
	})
	return pages
}

// serve answers on the address until ctx is done, then closes at once: what it
// serves is only ever a state of the moment.
func serve(ctx context.Context, server *http.Server, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for health checks: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer health checks: %w", err)
	}
	return nil
}
