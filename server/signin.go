package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
	"corebank/internal/identity"
	"corebank/internal/identity/oidc"
	"corebank/server/overhttp"
	"corebank/server/request"
)

// Verify returns the principal of a token. Its error is an oidc.ErrRefused, or
// says that the token cannot be verified now.
type Verify func(ctx context.Context, token string) (identity.Principal, error)

// realm is the challenge of the header WWW-Authenticate.
const realm = overhttp.Challenge

// signIn puts the principal of a request's token into its context. A request
// without a token continues as anonymous and may read the schema. A request with
// a token that is not accepted is refused here.
func signIn(verify Verify, refused func(code string), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if header := r.Header.Get("Authorization"); header != "" { // the guard has refused several
			who, err := verifyHeader(ctx, verify, header)
			if err != nil {
				refused(codeOf(refuseToken(w, r, err).Extensions))
				return
			}
			ctx = identity.With(ctx, who) // requests already running may finish after the token's end
		}
		if websocket.IsWebSocketUpgrade(r) {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		response := &pendingResponse{ResponseWriter: w}
		next.ServeHTTP(response, r.WithContext(context.WithValue(ctx, responseKey{}, response)))
	})
}

// verifyHeader returns the principal of an Authorization header.
func verifyHeader(ctx context.Context, verify Verify, header string) (identity.Principal, error) {
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return identity.Principal{}, graph.Unauthenticated("The header Authorization must be Bearer and a token.")
	}
	if strings.ContainsAny(token, ", \t") { // two headers that a proxy has joined, most likely
		return identity.Principal{}, graph.Unauthenticated(
			"The header Authorization has more than one token; send one.")
	}
	if verify == nil {
		return identity.Principal{}, graph.Unauthenticated("This gateway accepts no tokens.")
	}
	who, err := verify(ctx, token)
	if errors.Is(err, oidc.ErrRefused) {
		reason := strings.TrimPrefix(err.Error(), oidc.ErrRefused.Error()+": ")
		return who, &tokenFault{graph.Unauthenticated("The token is refused: " + reason + ". Sign in again."), err}
	}
	if err != nil {
		if !errors.Is(err, oidc.ErrKeyUnknown) { // anyone can cause that with a made-up key
			slog.ErrorContext(ctx, "tokens cannot be verified", "error", err)
		}
		return who, &graph.Fault{Code: graph.CodeUnavailable, Retryable: true,
			Message: "Tokens cannot be verified now: the keys of their issuer are not known yet. " +
				"Nothing happened; try again."}
	}
	return who, nil
}

// tokenFault is a fault with the reason why a token is refused.
type tokenFault struct {
	*graph.Fault
	reason error
}

// Unwrap are the fault and the reason.
func (t *tokenFault) Unwrap() []error { return []error{t.Fault, t.reason} }

// refuseToken answers with a GraphQL error, before the request was read, and returns it.
func refuseToken(w http.ResponseWriter, r *http.Request, err error) *gqlerror.Error {
	shown := graph.Present(r.Context(), err, hide)
	status := http.StatusServiceUnavailable
	w.Header().Set("Retry-After", "2")
	if shown.Extensions["code"] == graph.CodeUnauthenticated {
		status = http.StatusUnauthorized
		w.Header().Del("Retry-After")
		w.Header().Set("WWW-Authenticate", realm+`, error="invalid_token"`)
	}
	kind := "application/json"
	if strings.Contains(r.Header.Get("Accept"), "application/graphql-response+json") {
		kind = "application/graphql-response+json"
	}
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // the body is not read
	}
	if status == http.StatusServiceUnavailable {
		kind = "application/json" // clients take a GraphQL answer for a result, and try no result again
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	answer := map[string]any{"errors": request.Name(r.Context(), gqlerror.List{shown})}
	_ = json.NewEncoder(w).Encode(answer) // a client that left is not a fault
	return shown
}

type responseKey struct{}

// pendingResponse is a response whose status may still become 401.
type pendingResponse struct {
	http.ResponseWriter
	unauthorized bool
}

func (p *pendingResponse) WriteHeader(status int) {
	if p.unauthorized {
		p.Header().Set("WWW-Authenticate", realm)
		status = http.StatusUnauthorized
	}
	p.ResponseWriter.WriteHeader(status)
}

// Flush is for responses that are sent in parts.
func (p *pendingResponse) Flush() { _ = http.NewResponseController(p.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (p *pendingResponse) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// onlySignedIn refuses anonymous operations as a whole, before any field is
// resolved, unless they only read the schema.
type onlySignedIn struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = onlySignedIn{}

func (onlySignedIn) ExtensionName() string { return "OnlySignedIn" }

func (onlySignedIn) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (onlySignedIn) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	if !identity.From(ctx).Anonymous() || aboutSchema(operation.Operation.SelectionSet) {
		return nil
	}
	if response, ok := ctx.Value(responseKey{}).(*pendingResponse); ok {
		response.unauthorized = true
	}
	return graph.Present(ctx,
		graph.Unauthenticated("Sign in first: send a token in the header Authorization, as Bearer and the token."), hide)
}

// aboutSchema reports whether only fields of the schema are selected.
func aboutSchema(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			if !strings.HasPrefix(s.Name, "__") {
				return false
			}
		case *ast.InlineFragment:
			if !aboutSchema(s.SelectionSet) {
				return false
			}
		case *ast.FragmentSpread:
			if !aboutSchema(s.Definition.SelectionSet) {
				return false
			}
		}
	}
	return true
}

// caller names the caller, for limits per caller; "" for anonymous callers.
func caller(ctx context.Context) string { return identity.From(ctx).Subject }
