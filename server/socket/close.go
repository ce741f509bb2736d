package socket

import (
	"context"
	"errors"
	"fmt"
)

// The close codes of graphql-transport-ws, which the legacy subprotocol uses as
// well, and the close codes of websockets that are used here.
const (
	// CloseBadMessage: a message does not follow the protocol. Correct the client.
	CloseBadMessage = 4400
	// CloseUnauthorized: the client sent an operation before the acknowledgement, or
	// its token is not accepted. Stock clients do not connect again.
	CloseUnauthorized = 4401
	// CloseForbidden: the caller may not connect, or not any more because its token
	// has expired. Stock clients connect again, with a fresh token if they are given
	// a function for it.
	CloseForbidden = 4403
	// CloseSubprotocol: the client offers no supported subprotocol.
	CloseSubprotocol = 4406
	// CloseInitTimeout: the client did not send connection_init in time.
	CloseInitTimeout = 4408
	// CloseDuplicate: an operation has the id of another that has not ended.
	CloseDuplicate = 4409
	// CloseTooMany: a second connection_init, or too many pings. Correct the client.
	CloseTooMany = 4429

	// CloseTryAgain: it may succeed later. Too many connections of the caller are open,
	// or tokens cannot be verified now.
	CloseTryAgain = 1013

	closeNormal    = 1000 // the client requested it
	closeGoingAway = 1001 // the gateway stops
)

// maxReason bounds the reason of a close frame, in bytes.
const maxReason = 123

// Closed is an error of Init that says how to close the connection. Any other
// error of Init closes it with CloseForbidden.
type Closed struct {
	Code   int
	Reason string
}

// Error is the code and the reason.
func (c *Closed) Error() string { return fmt.Sprintf("%d: %s", c.Code, c.Reason) }

// refusalOf is how an error of Init closes the connection. Its message is only
// logged unless it is a Closed.
func refusalOf(err error) Closed {
	var closed *Closed
	if errors.As(err, &closed) {
		return *closed
	}
	return Closed{CloseForbidden, "Forbidden"}
}

type connKey struct{}

// Kick closes the websocket that ctx belongs to, with a code and a reason of at
// most 123 bytes. The close frame is sent before ctx is cancelled, so that no
// operation appears to complete. It reports whether there was an open websocket.
func Kick(ctx context.Context, code int, reason string) bool {
	c, ok := ctx.Value(connKey{}).(*conn)
	return ok && c.close(code, reason)
}
