package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
)

// runSidecar runs Dapr's sidecar. It takes the official daprd's flags and returns
// when it is asked to stop, or with the error that stopped it.
func runSidecar(arguments []string) error {
	opts, err := options.New(arguments)
	if err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	switch {
	case opts.RuntimeVersion:
		fmt.Println(version())
		return nil
	case opts.BuildInfo:
		fmt.Printf("Version: %s\nGit Commit: %s\nGit Version: %s\n",
			version(), buildinfo.Commit(), buildinfo.GitVersion())
		return nil
	case opts.WaitCommand:
		runtime.WaitUntilDaprOutboundReady(opts.DaprHTTPPort)
		return nil
	}

	opts.Logger.SetAppID(opts.AppID)
	log := logger.NewLogger("dapr.runtime")
	components := builtin(logger.NewLogger("dapr.contrib"))
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		return fmt.Errorf("set up logging: %w", err)
	}
	log.Infof("starting the Dapr sidecar, version %s, with corebank's components", version())
	err = runUntilStopped(sidecarGrace(opts), func(ctx context.Context) error {
		return sidecar(ctx, opts, components, log)
	})
	if err != nil {
		return err
	}
	log.Info("the sidecar has stopped")
	return nil
}

// sidecar runs Dapr's runtime and the provider of its identity.
func sidecar(ctx context.Context, opts *options.Options, components *registry.Options, log logger.Logger) error {
	health := healthz.New()
	provider, err := security.New(ctx, sidecarSecurity(opts, health))
	if err != nil {
		return fmt.Errorf("set up security: %w", err)
	}
	return concurrency.NewRunnerManager(provider.Run, func(ctx context.Context) error {
		handler, err := provider.Handler(ctx)
		if err != nil {
			return fmt.Errorf("obtain the sidecar's identity: %w", err)
		}
		config := sidecarConfig(opts)
		config.Registry = components
		config.Security = watchedSecurity{handler}
		config.Healthz = health
		config.Metrics = metricsOptions(opts.Metrics, health, log)
		dapr, err := runtime.FromConfig(ctx, config)
		if err != nil {
			return fmt.Errorf("configure the sidecar: %w", err)
		}
		return dapr.Run(ctx)
	}).Run(ctx)
}

// sidecarGrace is the time that the flags allow for stopping, and half a second
// more, so that Dapr can keep to it by itself.
func sidecarGrace(opts *options.Options) time.Duration {
	grace := time.Duration(opts.DaprGracefulShutdownSeconds)*time.Second + 500*time.Millisecond
	if opts.DaprBlockShutdownDuration != nil {
		grace += *opts.DaprBlockShutdownDuration
	}
	return grace
}

func sidecarSecurity(opts *options.Options, health healthz.Healthz) security.Options {
	return security.Options{
		AppID:                   opts.AppID,
		Mode:                    modes.DaprMode(opts.Mode),
		MTLSEnabled:             opts.EnableMTLS,
		SentryAddress:           opts.SentryAddress,
		TrustAnchors:            opts.TrustAnchors,
		ControlPlaneTrustDomain: opts.ControlPlaneTrustDomain,
		ControlPlaneNamespace:   opts.ControlPlaneNamespace,
		JwtAudiences:            opts.SentryRequestJwtAudiences,
		Healthz:                 health,
	}
}

// sidecarConfig passes every flag to the runtime: a flag that is missing here would
// be ignored silently.
func sidecarConfig(opts *options.Options) *runtime.Config {
	return &runtime.Config{
		AppID:                         opts.AppID,
		Mode:                          opts.Mode,
		Config:                        opts.Config,
		ResourcesPath:                 opts.ResourcesPath,
		ComponentsPath:                opts.ComponentsPath,
		HotReloadReconcileInterval:    opts.HotReloadReconcileInterval,
		ControlPlaneAddress:           opts.ControlPlaneAddress,
		SentryAddress:                 opts.SentryAddress,
		EnableMTLS:                    opts.EnableMTLS,
		DisableBuiltinK8sSecretStore:  opts.DisableBuiltinK8sSecretStore,
		ActorsService:                 opts.ActorsService,
		ActorsDisseminationTimeout:    opts.ActorsDisseminationTimeout,
		RemindersService:              opts.RemindersService,
		SchedulerAddress:              opts.SchedulerAddress,
		SchedulerStreams:              opts.SchedulerJobStreams,
		ApplicationPort:               opts.AppPort,
		AppProtocol:                   opts.AppProtocol,
		AppSSL:                        opts.AppSSL,
		AppChannelAddress:             opts.AppChannelAddress,
		AppMaxConcurrency:             opts.AppMaxConcurrency,
		EnableAppHealthCheck:          opts.EnableAppHealthCheck,
		AppHealthCheckPath:            opts.AppHealthCheckPath,
		AppHealthProbeInterval:        opts.AppHealthProbeInterval,
		AppHealthProbeTimeout:         opts.AppHealthProbeTimeout,
		AppHealthThreshold:            opts.AppHealthThreshold,
		DaprHTTPPort:                  opts.DaprHTTPPort,
		DaprAPIGRPCPort:               opts.DaprAPIGRPCPort,
		DaprAPIListenAddresses:        opts.DaprAPIListenAddresses,
		DaprInternalGRPCPort:          opts.DaprInternalGRPCPort,
		DaprInternalGRPCListenAddress: opts.DaprInternalGRPCListenAddress,
		DaprPublicPort:                opts.DaprPublicPort,
		DaprPublicListenAddress:       opts.DaprPublicListenAddress,
		UnixDomainSocket:              opts.UnixDomainSocket,
		AllowedOrigins:                opts.AllowedOrigins,
		MaxRequestSize:                opts.MaxRequestSize,
		ReadBufferSize:                opts.ReadBufferSize,
		EnableAPILogging:              opts.EnableAPILogging,
		DisableInitEndpoints:          opts.DisableInitEndpoints,
		EnableProfiling:               opts.EnableProfiling,
		ProfilePort:                   opts.ProfilePort,
		DaprGracefulShutdownSeconds:   opts.DaprGracefulShutdownSeconds,
		DaprBlockShutdownDuration:     opts.DaprBlockShutdownDuration,
	}
}
