package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
	"corebank/graph/generated"
	"corebank/graph/input"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/session"
	"corebank/internal/view"
	"corebank/server/console"
	"corebank/server/graphiql"
	"corebank/server/guard"
)

const (
	endpointPath = "/graphql"
	consolePath  = "/console"
)

// Parts are what the gateway is made of.
type Parts struct {
	Commands      graph.Commands
	Views         view.Reader
	Subscriptions graph.SubscriptionHub
	Log           graph.Log
	// Verify verifies tokens; nil accepts none.
	Verify Verify
	// Sessions are those of browsers on this machine; nil for none.
	Sessions *session.Store
	// Transports configures the transports.
	Transports Transports
	// Guard configures the limits of requests.
	Guard guard.Config
	// Metrics counts what happens; nil for counters that no one sees.
	Metrics *Metrics
}

// Handler serves the whole gateway: GraphQL at /graphql, the console at
// /console, GraphiQL at / (except in production), health at /healthz and /readyz.
func Handler(parts Parts, ready func(context.Context) contract.Readiness) http.Handler {
	parts.Guard.Caller, parts.Guard.SignsIn = caller, true
	parts.Verify = onlyOwners(parts.Verify, parts.Views)
	if parts.Metrics == nil {
		parts.Metrics = NewMetrics()
	}
	parts.Guard.Refused = parts.Metrics.rejected
	limits := guard.New(parts.Guard)
	mux := http.NewServeMux()
	app.AddHealth(mux, ready)
	mux.Handle(endpointPath, signIn(parts.Verify, parts.Metrics.rejected, limits.Body(graphQL(parts, limits))))
	mux.HandleFunc("GET "+scalarsPath, serveScalars)
	mux.HandleFunc("GET "+schemaPath, serveSchema(parts.Guard))
	if parts.Sessions != nil {
		mux.Handle(sessionPath, sessions(*parts.Sessions, parts.Verify))
	}
	for _, path := range []string{app.HealthPath, app.ReadyPath, scalarsPath, schemaPath} {
		mux.HandleFunc(path, onlyRead) // otherwise GraphiQL, which has all other paths, would be asked
	}
	addPages(mux, parts)
	return observed(limits.Handler(mux, app.HealthPath, app.ReadyPath))
}

// onlyRead refuses every other method than those that the path's own handler takes.
func onlyRead(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "only GET and HEAD are possible here", http.StatusMethodNotAllowed)
}

// addPages adds the pages for people. GraphiQL needs introspection, which
// production does not offer.
func addPages(mux *http.ServeMux, parts Parts) {
	options := console.Options{Endpoint: endpointPath}
	if !parts.Guard.Production {
		options.GraphiQL = "/"
		opened := func(key string) string { return string(bank.NewAccountID(string(identity.Teller), key)) }
		mux.Handle("/", graphiql.Handler(graphiql.Options{Endpoint: endpointPath, Console: consolePath,
			DemoAccountID: opened(graphiql.DemoKey), DemoPayeeID: opened(graphiql.DemoPayeeKey)}))
	}
	mux.Handle(consolePath+"/", http.StripPrefix(consolePath, console.Handler(options)))
}

func graphQL(parts Parts, limits *guard.Guard) http.Handler {
	resolver := graph.NewResolver(graph.Resolver{Commands: parts.Commands, Views: knownViews{parts.Views},
		Subscriptions: parts.Subscriptions, Log: parts.Log, Hidden: hide, Decided: parts.Metrics.decided})
	srv := handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: resolver,
		Directives: generated.DirectiveRoot{Authorized: graph.Authorized}}))
	srv.Use(observedOperations{parts.Metrics})
	limits.Protect(srv)
	transports := parts.Transports.withDefaults()
	transports.refused = parts.Metrics.rejected
	parts.Metrics.streams.Store(transports.connections)
	parts.Metrics.pending.Store(transports.pending)
	srv.AddTransport(transports.websockets(caller, signInSocket(parts.Verify, parts.Metrics.rejected)))
	srv.AddTransport(transports.http(caller))
	srv.Use(onlySignedIn{})
	srv.Use(&input.Variables{})
	srv.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error { return graph.Present(ctx, err, hide) })
	srv.SetRecoverFunc(recovered)
	return srv
}

// hide logs an error that clients must not see, and returns the id under which
// it was logged.
func hide(ctx context.Context, err error) string {
	id := rand.Text()[:12]
	if !errors.Is(ctx.Err(), context.Canceled) { // a client that left is not a fault
		slog.ErrorContext(ctx, "request failed", "id", id, "error", err)
	}
	return id
}

// recovered turns a panic into an ordinary fault, and logs its stack.
func recovered(ctx context.Context, reason any) error {
	slog.ErrorContext(ctx, "panic in a resolver", "reason", reason, "stack", string(debug.Stack()))
	return fmt.Errorf("panic: %v", reason)
}

var _ graphql.RecoverFunc = recovered
