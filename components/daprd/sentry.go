package main

import (
	"context"
	"fmt"
	"path/filepath"
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

// sentryGrace is how long the service may take to stop. It stores nothing outside of
// its files.
const sentryGrace = 2 * time.Second

// runSentry runs Dapr's certificate authority, which gives each sidecar its
// certificate. It takes the official sentry's flags for X.509 certificates and
// returns when it is asked to stop, or with the error that stopped it. It issues no
// JWTs, and reads new files of its authority only at a start.
func runSentry(arguments []string) error {
	opts := options.New(arguments)
	if err := opts.Validate(); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	if opts.JWT.Enabled || opts.OIDC.Enabled {
		return fmt.Errorf("this sentry issues no JWTs: remove --jwt-enabled and --oidc-enabled")
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
	err = runUntilStopped(sentryGrace, func(ctx context.Context) error {
		return serveSentry(ctx, opts, authority, log)
	})
	if err != nil {
		return err
	}
	log.Info("the sentry service has stopped")
	return nil
}

// serveSentry runs the authority, its metrics and its health checks.
func serveSentry(ctx context.Context, opts *options.Options, authority config.Config, log logger.Logger) error {
	health := healthz.New()
	service, err := sentry.New(ctx, sentry.Options{Config: authority, Healthz: health})
	if err != nil {
		return fmt.Errorf("configure the service: %w", err)
	}
	exporter := metrics.New(metricsOptions(opts.Metrics, health, log))
	pages := servePages(healthPage(health), opts.HealthzListenAddress, opts.HealthzPort)
	return concurrency.NewRunnerManager(exporter.Start, service.Start, pages).Run(ctx)
}

func sentryConfig(opts *options.Options) (config.Config, error) {
	authority, err := config.FromConfigName(opts.ConfigName, opts.Mode)
	if err != nil {
		// Dapr would continue without the list of identities that get certificates.
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

// inFolder is a file in the folder, unless its path is absolute.
func inFolder(folder, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(folder, file)
}
