package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
	"corebank/internal/identity"
	"corebank/internal/identity/oidc"
)

// Verify is whom a token proves. Its error is an oidc.ErrRefused, or that the
// token cannot be checked now.
type Verify func(ctx context.Context, token string) (identity.Principal, error)

// realm is what a browser would show.
const realm = `Bearer realm="corebank"`

// signIn puts whoever a request proves to come from into its context. A request
// that proves nothing goes on as nobody's, and may look at the schema; one with
// a token that is not taken ends here.
func signIn(verify Verify, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header, ctx := r.Header.Get("Authorization"), r.Context()
		if header != "" {
			who, err := verified(ctx, verify, header)
			if err != nil {
				refuseToken(w, r, err)
				return
			}
			// Streams end with the token; what was begun before may come to its end.
			var cancel context.CancelFunc
			ctx, cancel = untilExpired(ctx, who)
			defer cancel()
			ctx = identity.With(ctx, who)
		}
		if websocket.IsWebSocketUpgrade(r) {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		answer := &openAnswer{ResponseWriter: w}
		next.ServeHTTP(answer, r.WithContext(context.WithValue(ctx, answerKey{}, answer)))
	})
}

// expiryGrace is how long what was asked for with a token may outlive it.
const expiryGrace = 30 * time.Second

func untilExpired(ctx context.Context, who identity.Principal) (context.Context, context.CancelFunc) {
	if who.Expires.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, who.Expires.Add(expiryGrace))
}

// verified is whom the value of an Authorization header proves.
func verified(ctx context.Context, verify Verify, header string) (identity.Principal, error) {
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return identity.Principal{}, graph.Unauthenticated("The header Authorization has to be Bearer and a token.")
	}
	if verify == nil {
		return identity.Principal{}, graph.Unauthenticated("This gateway takes no tokens.")
	}
	who, err := verify(ctx, token)
	if errors.Is(err, oidc.ErrRefused) {
		reason := strings.TrimPrefix(err.Error(), oidc.ErrRefused.Error()+": ")
		return who, graph.Unauthenticated("The token is refused: " + reason + ". Sign in again.")
	}
	if err != nil {
		slog.Error("tokens cannot be checked", "error", err)
		return who, &graph.Fault{Code: graph.CodeUnavailable, Retryable: true,
			Message: "Tokens cannot be checked now: the keys of their issuer are not known yet. Nothing happened; try again."}
	}
	return who, nil
}

// refuseToken answers in the form of GraphQL, before any of it was read.
func refuseToken(w http.ResponseWriter, r *http.Request, err error) {
	shown := graph.Present(r.Context(), err, hide)
	status := http.StatusServiceUnavailable
	if shown.Extensions["code"] == graph.CodeUnauthenticated {
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", realm+`, error="invalid_token"`)
	}
	kind := "application/json"
	if strings.Contains(r.Header.Get("Accept"), "application/graphql-response+json") {
		kind = "application/graphql-response+json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": gqlerror.List{shown}}) // a client that left is no fault
}

type answerKey struct{}

// openAnswer is an answer whose status may still become 401.
type openAnswer struct {
	http.ResponseWriter
	unauthorized bool
}

func (a *openAnswer) WriteHeader(status int) {
	if a.unauthorized {
		a.Header().Set("WWW-Authenticate", realm)
		status = http.StatusUnauthorized
	}
	a.ResponseWriter.WriteHeader(status)
}

// Flush is for answers that come in parts.
func (a *openAnswer) Flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (a *openAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// onlySignedIn refuses operations of nobody, as a whole and before any field
// is looked at, unless they ask for the schema alone.
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
	if answer, ok := ctx.Value(answerKey{}).(*openAnswer); ok {
		answer.unauthorized = true
	}
	return graph.Present(ctx, graph.Unauthenticated("Sign in first: send a token in the header Authorization, as Bearer and the token."), hide)
}

// aboutSchema reports whether nothing but the schema is asked for.
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

// caller names who asks, for what is counted by caller; "" for nobody.
func caller(ctx context.Context) string { return identity.From(ctx).Subject }
