package server

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/transport"

	"corebank/graph"
	"corebank/internal/identity"
	"corebank/server/socket"
)

// signInSocket lets a websocket in whose connection_init has a token, under
// "authorization", as the header of an HTTP request would; or whose handshake
// had one. It is closed with 4401 otherwise and when the token ends, and with
// 4403 where the token has no role.
func signInSocket(verify Verify) transport.WebsocketInitFunc {
	return func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
		who, err := identity.From(ctx), error(nil)
		switch header := payload.Authorization(); {
		case header != "":
			who, err = verified(ctx, verify, header)
		case who.Anonymous():
			err = graph.Unauthenticated("Sign in first: send a token in connection_init, under authorization, as Bearer and the token.")
		}
		switch {
		case err != nil:
			return ctx, nil, closedFor(err)
		case len(who.Roles) == 0:
			return ctx, nil, &socket.Closed{Code: socket.CloseForbidden, Reason: "Forbidden"}
		}
		if !who.Expires.IsZero() {
			end := time.AfterFunc(time.Until(who.Expires), func() { socket.Kick(ctx, socket.CloseUnauthorized, "Unauthorized") })
			context.AfterFunc(ctx, func() { end.Stop() })
		}
		return identity.With(ctx, who), nil, nil
	}
}

// closeTryAgain is the code of websockets for what may pass later.
const closeTryAgain = 1013

// closedFor is how a websocket is closed whose token is not taken.
func closedFor(err error) *socket.Closed {
	var fault *graph.Fault
	if errors.As(err, &fault) && fault.Retryable {
		return &socket.Closed{Code: closeTryAgain, Reason: "Try again later"}
	}
	return &socket.Closed{Code: socket.CloseUnauthorized, Reason: "Unauthorized"}
}
