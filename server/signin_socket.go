package server

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/transport"

	"corebank/graph"
	"corebank/internal/identity"
	"corebank/internal/identity/oidc"
	"corebank/server/socket"
)

// signInSocket accepts a websocket whose connection_init has a token under
// "authorization", in the form of an Authorization header, or whose handshake
// had such a header. Otherwise it is closed with 4401, after which stock clients
// give up. When the token expires, and if it had before, it is closed with 4403,
// after which they connect again with a fresh one. If the token has no role, it
// is closed with 4403, too.
func signInSocket(verify Verify, refused func(code string)) transport.WebsocketInitFunc {
	return func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
		who, err := identity.From(ctx), error(nil)
		switch header := payload.Authorization(); {
		case header != "":
			who, err = verifyHeader(ctx, verify, header)
		case who.Anonymous():
			err = graph.Unauthenticated(
				"Sign in first: send a token in connection_init, under authorization, as Bearer and the token.")
		}
		switch {
		case err != nil:
			refused(faultCode(err))
			return ctx, nil, closedFor(err)
		case len(who.Roles) == 0:
			refused(graph.CodeForbidden)
			return ctx, nil, &socket.Closed{Code: socket.CloseForbidden, Reason: "Forbidden"}
		}
		if ends, limited := who.Ends(); limited {
			end := time.AfterFunc(time.Until(ends), func() {
				socket.Kick(ctx, socket.CloseForbidden, tokenExpired)
			})
			context.AfterFunc(ctx, func() { end.Stop() })
		}
		return identity.With(ctx, who), nil, nil
	}
}

// tokenExpired is the reason of a close after which a fresh token helps.
const tokenExpired = "The token has expired; connect again with a fresh one"

// faultCode is the code of a token that is not accepted.
func faultCode(err error) string {
	var fault *graph.Fault
	if errors.As(err, &fault) {
		return fault.Code
	}
	return graph.CodeInternal
}

// closedFor is how to close a websocket whose token is not accepted.
func closedFor(err error) *socket.Closed {
	var fault *graph.Fault
	switch {
	case errors.Is(err, oidc.ErrExpired):
		return &socket.Closed{Code: socket.CloseForbidden, Reason: tokenExpired}
	case errors.As(err, &fault) && fault.Retryable:
		return &socket.Closed{Code: socket.CloseTryAgain, Reason: "Try again later"}
	}
	return &socket.Closed{Code: socket.CloseUnauthorized, Reason: "Unauthorized"}
}
