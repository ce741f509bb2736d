package server

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph"
	"corebank/internal/contract"
	"corebank/internal/tracing"
	"corebank/server/request"
)

// requestHeader has the id of a request, and of its answer.
const requestHeader = "X-Request-Id"

// observed gives every request its id, which comes back with the answer, whatever
// that is. It traces those to GraphQL.
func observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := tracing.NewRequestID()
		if given := r.Header.Values(requestHeader); len(given) == 1 && tracing.ValidRequestID(given[0]) {
			id = given[0]
		}
		w.Header().Set(requestHeader, id)
		ctx := tracing.WithRequest(r.Context(), id)
		if r.URL.Path != endpointPath || websocket.IsWebSocketUpgrade(r) {
			next.ServeHTTP(w, r.WithContext(ctx)) // the operations of a websocket are requests of their own
			return
		}
		var parent string
		if given := r.Header.Values("Traceparent"); len(given) == 1 {
			parent = given[0]
		}
		method := knownMethod(r.Method)
		var span *tracing.Span
		if tracing.On() {
			span = tracing.Server.Root(parent, id, method+" "+endpointPath, tracing.Serving)
		} else if !slog.Default().Enabled(ctx, slog.LevelDebug) {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		ctx, began, answer := span.With(ctx), time.Now(), &statusResponse{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r.WithContext(ctx))
		span.Text(tracing.HTTPMethod, method)
		span.Text(tracing.HTTPRoute, endpointPath)
		span.Number(tracing.HTTPStatus, answer.status)
		if answer.status >= http.StatusInternalServerError {
			span.Fail(http.StatusText(answer.status))
		}
		span.End()
		slog.DebugContext(ctx, "a request was answered", "method", method, "status", answer.status,
			"milliseconds", float64(time.Since(began).Microseconds())/1000)
	})
}

// knownMethod is a method of HTTP: a client may send anything as one.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodPatch,
		http.MethodDelete:
		return method
	}
	return "_OTHER"
}

// statusResponse knows the status of an answer.
type statusResponse struct {
	http.ResponseWriter
	status int
}

func (s *statusResponse) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (s *statusResponse) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// observedOperations traces queries and mutations, counts the answers, and gives
// the errors of all operations the id of their request.
type observedOperations struct{ metrics *Metrics }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
} = observedOperations{}

// ExtensionName implements graphql.HandlerExtension.
func (observedOperations) ExtensionName() string { return "Observed" }

// Validate implements graphql.HandlerExtension.
func (observedOperations) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation implements graphql.OperationInterceptor. A subscription may
// last for days: what it delivers is part of the traces of the payments.
func (observedOperations) InterceptOperation(ctx context.Context,
	next graphql.OperationHandler) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	if !tracing.On() || operation.Operation.Operation == ast.Subscription {
		return next(ctx)
	}
	kind := string(operation.Operation.Operation)
	ctx, span := tracing.Server.Start(ctx, kind, tracing.Serving)
	if span == nil {
		span = tracing.Server.Root("", tracing.RequestOf(ctx), kind, tracing.Serving)
		ctx = span.With(ctx)
	}
	span.Text(tracing.GraphQLType, kind)
	span.Texts(tracing.Fields, fieldsOf(operation.Operation.SelectionSet))
	answer := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		response := answer(ctx)
		endOperation(span, response)
		span = nil // a websocket asks for more
		return response
	}
}

// InterceptResponse implements graphql.ResponseInterceptor.
func (o observedOperations) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	if answer != nil {
		answer.Errors = request.Name(ctx, answer.Errors)
		o.metrics.answered(graphql.GetOperationContext(ctx), answer)
	}
	return answer
}

// maxFields bounds the fields of an operation that its span names.
const maxFields = 8

// fieldsOf are the fields that a selection names itself: words of the schema.
func fieldsOf(selections ast.SelectionSet) (fields []string) {
	for _, selection := range selections {
		if f, is := selection.(*ast.Field); is && len(fields) < maxFields && !slices.Contains(fields, f.Name) {
			fields = append(fields, f.Name)
		}
	}
	return fields
}

// endOperation ends the span of an operation. What the client did wrong is no
// failure.
func endOperation(span *tracing.Span, response *graphql.Response) {
	if response != nil {
		for _, e := range response.Errors {
			switch code, _ := e.Extensions["code"].(string); code {
			case graph.CodeInternal, graph.CodeUnavailable, graph.CodeUnknownOutcome, graph.CodeTimeout, graph.CodeTooLarge:
				span.Fail(code)
			}
		}
	}
	span.End()
}

// startCall begins the call of an actor with commands, and says what they come of.
func startCall(ctx context.Context, kind string, commands []contract.Command) (context.Context, *tracing.Span) {
	var span *tracing.Span
	if tracing.On() {
		ctx, span = tracing.Server.Start(ctx, kind+"/"+contract.MethodExecute, tracing.Calling)
		span.Text(tracing.RPCSystem, tracing.Dapr)
		span.Text(tracing.RPCMethod, span.Name())
		span.Number(tracing.Commands, len(commands))
	}
	origin := tracing.OriginOf(ctx)
	for i := range commands {
		commands[i].Origin = origin
	}
	return ctx, span
}

// endCall ends a call with what became of its commands.
func endCall(span *tracing.Span, outcomes []contract.Outcome) {
	if span == nil {
		return
	}
	for _, o := range outcomes {
		tracing.Note(span, o)
	}
	span.End()
}
