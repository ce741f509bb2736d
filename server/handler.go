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
	"corebank/internal/view"
	"corebank/server/console"
	"corebank/server/graphiql"
	"corebank/server/guard"
)

const (
	demoKey      = "graphiql-demo-account"
	endpointPath = "/graphql"
	consolePath  = "/console"
)

// Parts is what the gateway answers with.
type Parts struct {
	Commands      graph.Commands
	Views         view.Reader
	Subscriptions graph.SubscriptionHub
	Log           graph.Log
	// Verify says whom tokens prove; nil takes none.
	Verify Verify
	// PageToken is the token that a page starts with; nil for none.
	PageToken func(*http.Request) string
	// Wire is how requests come and answers go.
	Transports Transports
	// Guard says how strict the gateway is with those who ask.
	Guard guard.Config
}

// Handler serves the whole gateway: GraphQL at /graphql, the console at
// /console, GraphiQL at / (but in production), health at /healthz and /readyz.
func Handler(parts Parts, ready func(context.Context) contract.Readiness) http.Handler {
	parts.Guard.Caller = caller
	keeper := guard.New(parts.Guard)
	mux := http.NewServeMux()
	app.AddHealth(mux, ready)
	mux.Handle(endpointPath, signIn(parts.Verify, graphQL(parts, keeper)))
	mux.HandleFunc("GET "+scalarsPath, serveScalars)
	addPages(mux, parts)
	return keeper.Handler(mux, app.HealthPath, app.ReadyPath)
}

// addPages adds the pages for people. GraphiQL lives on what production does not
// tell.
func addPages(mux *http.ServeMux, parts Parts) {
	talk := console.Options{Endpoint: endpointPath, Token: parts.PageToken}
	if !parts.Guard.Production {
		talk.GraphiQL = "/"
		mux.Handle("/", graphiql.Handler(graphiql.Options{Endpoint: endpointPath, Console: consolePath,
			DemoAccountID: string(bank.NewAccountID(pageSubject, demoKey)), Token: parts.PageToken}))
	}
	mux.Handle(consolePath+"/", http.StripPrefix(consolePath, console.Handler(talk)))
}

func graphQL(parts Parts, keeper *guard.Guard) http.Handler {
	resolver := &graph.Resolver{Commands: parts.Commands, Views: parts.Views, Subscriptions: parts.Subscriptions, Log: parts.Log, Hidden: hide}
	srv := handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: resolver,
		Directives: generated.DirectiveRoot{Authorized: graph.Authorized}}))
	keeper.Protect(srv)
	wire := parts.Transports.withDefaults()
	srv.AddTransport(wire.sockets(caller, signInSocket(parts.Verify)))
	srv.AddTransport(wire.plainHTTP(caller))
	srv.Use(onlySignedIn{})
	srv.Use(&input.Variables{})
	srv.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error { return graph.Present(ctx, err, hide) })
	srv.SetRecoverFunc(recovered)
	return srv
}

// hide logs what clients must not see, under an id that they may.
func hide(ctx context.Context, err error) string {
	id := rand.Text()[:12]
	if !errors.Is(ctx.Err(), context.Canceled) { // a client that left is no fault of ours
		slog.Error("request failed", "id", id, "error", err)
	}
	return id
}

// recovered makes an ordinary fault of a panic, with its stack in the log.
func recovered(_ context.Context, reason any) error {
	slog.Error("panic in a resolver", "reason", reason, "stack", string(debug.Stack()))
	return fmt.Errorf("panic: %v", reason)
}

var _ graphql.RecoverFunc = recovered
