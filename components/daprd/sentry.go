package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/dapr/dapr/cmd/sentry/options"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/sentry"
	"github.com/dapr/dapr/pkg/sentry/config"
	"github.com/dapr/dapr/pkg/sentry/monitoring"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
)

// sentryGrace is how long the service may take to stop. It keeps nothing but
// what is in its files.
const sentryGrace = 2 * time.Second

// runSentry is Dapr's certificate authority, which gives each sidecar its
// certificate. It takes the official sentry's flags for X.509 certificates and
// returns when told to stop, or with the fault that stopped it. It issues no
// JWTs of its own, and reads new files of its authority only at a start.
func runSentry(arguments []string) error {
	opts := options.New(arguments)
	if err := opts.Validate(); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	if opts.JWT.Enabled || opts.OIDC.Enabled {
		return fmt.Errorf("this sentry issues no JWTs: leave --jwt-enabled and --oidc-enabled out")
	}
	log := logger.NewLogger("dapr.sentry")
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		return fmt.Errorf("set up logging: %w", err)
	}
	log.Infof("starting the Dapr sentry service, version %s", version())
	if err := monitoring.InitMetrics(); err != nil {
		return fmt.Errorf("set up metrics: %w", err)
	}
	authority, err := sentryConfig(opts)
	if err != nil {
		return err
	}
	err = runUntilTold(sentryGrace, func(ctx context.Context) error {
		return certify(ctx, opts, authority, log)
	})
	if err != nil {
		return err
	}
	log.Info("the sentry service has stopped")
	return nil
}

// certify runs the authority, its metrics and its health checks.
func certify(ctx context.Context, opts *options.Options, authority config.Config, log logger.Logger) error {
	health := healthz.New()
	service, err := sentry.New(ctx, sentry.Options{Config: authority, Healthz: health})
	if err != nil {
		return fmt.Errorf("configure the service: %w", err)
	}
	exporter := metrics.New(metrics.Options{
		Enabled:       opts.Metrics.Enabled(),
		Port:          opts.Metrics.Port(),
		ListenAddress: opts.Metrics.ListenAddress(),
		Namespace:     metrics.DefaultMetricNamespace,
		Healthz:       health,
		Log:           log,
	})
	pages := &http.Server{Handler: healthPage(health), ReadHeaderTimeout: time.Second}
	address := net.JoinHostPort(opts.HealthzListenAddress, strconv.Itoa(opts.HealthzPort))
	return concurrency.NewRunnerManager(exporter.Start, service.Start, func(ctx context.Context) error {
		return serve(ctx, pages, address)
	}).Run(ctx)
}

func sentryConfig(opts *options.Options) (config.Config, error) {
	authority, err := config.FromConfigName(opts.ConfigName, opts.Mode)
	if err != nil {
		// Dapr would go on without the list of who may have a certificate.
		return authority, fmt.Errorf("read --config: %w", err)
	}
	authority.RootCertPath = inFolder(opts.IssuerCredentialsPath, opts.X509.RootCAFilename)
	authority.IssuerCertPath = inFolder(opts.IssuerCredentialsPath, opts.X509.IssuerCertFilename)
	authority.IssuerKeyPath = inFolder(opts.IssuerCredentialsPath, opts.X509.IssuerKeyFilename)
	authority.TrustDomain = opts.TrustDomain
	authority.Port = opts.Port
	authority.ListenAddress = opts.ListenAddress
	authority.Mode = modes.DaprMode(opts.Mode)
	return authority, nil
}

// inFolder is a file of the folder, unless it says itself where it is.
func inFolder(folder, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(folder, file)
}
