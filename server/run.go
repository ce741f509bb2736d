package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"corebank/graph/generated"
	"corebank/internal/app"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/identity/oidc"
	"corebank/internal/identity/session"
	"corebank/internal/logclient"
	"corebank/internal/metrics"
	"corebank/internal/view/viewstore"
	"corebank/server/guard"
)

// Config is what the gateway needs to run.
type Config struct {
	// Listen is the address of the public endpoint.
	Listen string
	// Metrics says where the metrics are: never at the public endpoint.
	Metrics metrics.Config
	// MaxPerAddress bounds the connections of one address; 0 for no bound.
	MaxPerAddress int
	// AllowRemote permits an address beyond loopback although the token issuer is
	// on this machine.
	AllowRemote bool
	// Identity says which issuer's tokens are accepted.
	Identity oidc.Settings
	// Sessions is the folder of the sessions of browsers, if the issuer is on this
	// machine: see package session. Empty otherwise.
	Sessions string
	Views    viewstore.Config
	// Transports configures the transports; Run sets its Ending.
	Transports Transports
	// Guard configures the limits of requests. Run sets Guard.Loopback and the
	// trusted documents.
	Guard guard.Config
	// TrustedDocuments, if set, is the file of documents that clients may request
	// by their hash.
	TrustedDocuments string
	// Broker, if set, checks whether the broker works: see app.MindBroker.
	Broker func(context.Context) error
	// EventSources are the apps that have the log, on several machines: one works, the
	// others stand by. Without any, there is one with its usual name.
	EventSources []string
}

// Bounds of a connection.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10 // bytes
)

// Run serves the gateway until ctx ends.
func Run(ctx context.Context, config Config, log *slog.Logger) error {
	if err := checkListen(config); err != nil {
		return err
	}
	if err := completeGuard(&config); err != nil {
		return err
	}
	people, err := config.Identity.Verifier(oidc.DefaultLeeway)
	if err != nil {
		return err
	}
	lis, connections, err := config.listen()
	if err != nil {
		return fmt.Errorf("the gateway cannot listen on %s: %w", config.Listen, err)
	}
	defer lis.Close()
	measured, err := metrics.Open(config.Metrics, prometheus.Labels{"app": contract.AppServer})
	if err != nil {
		return err
	}
	views, err := config.Views.OpenReader(ctx)
	if err != nil {
		return fmt.Errorf("open the views: %w", err)
	}
	defer views.Close(context.WithoutCancel(ctx))
	sidecar, err := app.DialSidecar()
	if err != nil {
		return err
	}
	defer sidecar.Close()

	actors := actors{sidecar}
	events := logclient.New(sidecar, config.EventSources...)
	hub := NewSubscriptionHub(events)
	verified := NewVerifiedViews(views, events)
	hub.OnTakeover(verified.Note)
	counted := NewMetrics()
	counted.connections.Store(connections)
	measured.Add(slices.Concat(counted.Collectors(), hub.Metrics())...)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return measured.Serve(ctx) })
	group.Go(func() error { return sidecar.MindBroker(ctx, config.Broker) })
	group.Go(func() error { return sidecar.Follow(ctx, contract.LiveFeed, hub.Handle) })
	group.Go(func() error {
		config.Transports.Ending = ctx
		commands := NewCommands(batcher.Remote(sidecar), batcher.RemoteClearing(sidecar))
		parts := Parts{Commands: commands, Views: verified, Subscriptions: hub, Log: events,
			Transports: config.Transports, Guard: config.Guard, Verify: people.Verify, Sessions: config.sessions(),
			Metrics: counted}
		front := NewHTTP(Handler(parts, newProbe(bothReady(actors.ready, verified.Ready)).Ready), log)
		// Subscriptions end with the gateway; requests may take a little longer.
		front.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
		return app.ServeHTTP(ctx, lis, front)
	})
	return group.Wait()
}

// NewHTTP is the HTTP server of a gateway, with the bounds of its connections.
func NewHTTP(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

// completeGuard sets what the guard needs to know about the gateway.
func completeGuard(config *Config) error {
	config.Guard.Loopback = onLoopback(config.Listen)
	if config.TrustedDocuments == "" {
		return nil
	}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	documents, err := guard.ReadDocuments(config.TrustedDocuments, schema, config.Guard.Limits)
	if err != nil {
		return fmt.Errorf("the trusted documents: %w", err)
	}
	config.Guard.Trusted = documents
	return nil
}

// onLoopback reports whether only this machine can connect to an address.
func onLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sessions are nil if the issuer of tokens is not on this machine.
func (c Config) sessions() *session.Store {
	if c.Sessions == "" {
		return nil
	}
	return &session.Store{Dir: c.Sessions}
}

// checkListen refuses an address beyond loopback while the token issuer is on
// this machine, where every user can obtain a token, unless AllowRemote is set.
func checkListen(config Config) error {
	if _, _, err := net.SplitHostPort(config.Listen); err != nil {
		return fmt.Errorf("--listen %q: want host:port, for example 127.0.0.1:8080", config.Listen)
	}
	if loopback(config.Listen) || config.Sessions == "" || config.AllowRemote {
		return nil
	}
	return errors.New("the token issuer is on this machine, so the gateway listens on loopback only: " +
		"use --listen 127.0.0.1:8080, or the --issuer that people sign in with and no --sessions")
}

// actors reaches the account actors through the sidecar.
type actors struct{ sidecar *app.Sidecar }

// ready asks an actor that belongs to no account whether it could append now.
// This checks the whole path of a command, without a command.
func (a actors) ready(ctx context.Context) contract.Readiness {
	var readiness contract.Readiness
	err := a.sidecar.CallActor(ctx, contract.ActorType, contract.ProbeActorID, contract.MethodReady, struct{}{},
		&readiness)
	if err != nil {
		return contract.Readiness{Reason: "no account actor can be reached: " + err.Error()}
	}
	return readiness
}

// bothReady is ready if the bank takes commands and answers queries.
func bothReady(commands, queries func(context.Context) contract.Readiness) func(context.Context) contract.Readiness {
	return func(ctx context.Context) contract.Readiness {
		taken := commands(ctx)
		if !taken.Ready && !taken.ReadOnly {
			return taken
		}
		if answered := queries(ctx); !answered.Ready {
			return answered
		}
		return taken
	}
}
