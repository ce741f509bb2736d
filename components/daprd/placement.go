package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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

// placementGrace is how long the service may take to stop. It stores nothing: the
// sidecars send it everything again when it is back.
const placementGrace = 5 * time.Second

// runPlacement runs Dapr's placement service, which tells the sidecars where each
// actor is hosted. It takes the official placement's flags and returns when it is
// asked to stop, or with the error that stopped it.
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
	err = runUntilStopped(placementGrace, func(ctx context.Context) error {
		return servePlacement(ctx, opts, log)
	})
	if err != nil {
		return err
	}
	log.Info("the placement service has stopped")
	return nil
}

// servePlacement runs the placement service, its metrics and its health checks.
func servePlacement(ctx context.Context, opts *options.Options, log logger.Logger) error {
	health := healthz.New()
	provider, err := security.New(ctx, placementSecurity(opts, health))
	if err != nil {
		return fmt.Errorf("set up security: %w", err)
	}
	exporter := metrics.New(metricsOptions(opts.Metrics, health, log))
	return concurrency.NewRunnerManager(exporter.Start, provider.Run, func(ctx context.Context) error {
		handler, err := provider.Handler(ctx)
		if err != nil {
			return fmt.Errorf("obtain the service's identity: %w", err)
		}
		service, err := placement.New(placementOptions(opts, handler, health))
		if err != nil {
			return fmt.Errorf("configure the service: %w", err)
		}
		pages := servePages(placementPages(opts, service, health), opts.HealthzListenAddress, opts.HealthzPort)
		return concurrency.NewRunnerManager(service.Run, pages).Run(ctx)
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

// placementPages answers /healthz and, if a flag asks for it, /placement/state.
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
		_ = json.NewEncoder(w).Encode(tables) // a failure means that the client is gone
	})
	return pages
}
