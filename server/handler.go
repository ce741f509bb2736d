package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
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
)

// Bounds of a request.
const (
	maxBody      = 1 << 20 // bytes
	maxTokens    = 2000    // of a query document
	queriesKept  = 1000    // parsed documents
	anonymous    = "anonymous"
	demoKey      = "graphiql-demo-account"
	endpointPath = "/graphql"
	consolePath  = "/console"
)

// Parts is what the gateway answers with.
type Parts struct {
	Commands graph.Commands
	Views    view.Reader
	Feed     graph.Feed
	Log      graph.Log
	// Wire is how requests come and answers go.
	Wire Wire
}

// Handler serves the whole gateway: GraphQL at /graphql, GraphiQL at /, the
// console at /console, health at /healthz and /readyz.
func Handler(parts Parts, ready func(context.Context) contract.Readiness) http.Handler {
	mux := http.NewServeMux()
	app.AddHealth(mux, ready)
	mux.Handle(endpointPath, http.MaxBytesHandler(graphQL(parts), maxBody))
	mux.HandleFunc("GET "+scalarsPath, serveScalars)
	mux.Handle(consolePath+"/", http.StripPrefix(consolePath, console.Handler(console.Options{Endpoint: endpointPath, GraphiQL: "/"})))
	mux.Handle("/", graphiql.Handler(graphiql.Options{Endpoint: endpointPath, Console: consolePath,
		DemoAccountID: string(bank.NewAccountID(anonymous, demoKey))}))
	return http.NewCrossOriginProtection().Handler(mux)
}

func graphQL(parts Parts) http.Handler {
	resolver := &graph.Resolver{Commands: parts.Commands, Views: parts.Views, Feed: parts.Feed, Log: parts.Log, Hidden: hide,
		// Until there is authentication, everybody is the same caller.
		Caller: func(context.Context) string { return anonymous }}
	srv := handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: resolver}))
	wire := parts.Wire.withDefaults()
	srv.AddTransport(wire.sockets(resolver.Caller))
	srv.AddTransport(wire.plainHTTP(resolver.Caller))
	srv.SetQueryCache(lru.New[*ast.QueryDocument](queriesKept))
	srv.SetParserTokenLimit(maxTokens)
	srv.Use(extension.Introspection{})
	srv.Use(&input.Variables{})
	srv.SetValidationRulesFn(input.Rules)
	srv.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error { return graph.Present(ctx, err, hide) })
	srv.SetRecoverFunc(recovered)
	return srv
}

// hide logs what clients must not see, under an id that they may.
func hide(ctx context.Context, err error) string {
	id := rand.Text()[:12]
	if ctx.Err() == nil { // a client that left is no fault of ours
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
