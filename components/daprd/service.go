package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/kit/logger"
)

// metricsOptions are the metrics of a service, as its flags say.
func metricsOptions(flags *metrics.FlagOptions, health healthz.Healthz, log logger.Logger) metrics.Options {
	return metrics.Options{
		Enabled:       flags.Enabled(),
		Port:          flags.Port(),
		ListenAddress: flags.ListenAddress(),
		Namespace:     metrics.DefaultMetricNamespace,
		Healthz:       health,
		Log:           log,
	}
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

// servePages serves the health checks of a service until ctx ends, then closes at
// once: the pages only show the state of the moment. Dapr's own health server reads
// --healthz-listen-address and then listens on every interface; this one listens
// where the flag says.
func servePages(pages http.Handler, host string, port int) func(context.Context) error {
	server := &http.Server{Handler: pages, ReadHeaderTimeout: time.Second}
	return func(ctx context.Context) error {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("listen for health checks: %w", err)
		}
		defer context.AfterFunc(ctx, func() { _ = server.Close() })()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("answer health checks: %w", err)
		}
		return nil
	}
}
