package socket

import (
	"context"
	"errors"
	"fmt"
)

// The close codes of graphql-transport-ws, which are used for the legacy
// subprotocol as well, and those of websockets that are used here.
const (
	// CloseBadMessage: a message is not one of the protocol. Mend the client.
	CloseBadMessage = 4400
	// CloseUnauthorized: nothing is served before the acknowledgement, or with
	// this token. Get another one.
	CloseUnauthorized = 4401
	// CloseForbidden: who it is may not connect.
	CloseForbidden = 4403
	// CloseSubprotocol: the client offers no subprotocol that is spoken here.
	CloseSubprotocol = 4406
	// CloseInitTimeout: the client did not begin in time.
	CloseInitTimeout = 4408
	// CloseDuplicate: an operation has the id of one that has not ended.
	CloseDuplicate = 4409
	// CloseTooMany: a second connection_init, or one connection too many.
	CloseTooMany = 4429

	closeNormal    = 1000 // the client asked for it
	closeGoingAway = 1001 // the gateway ends
)

// maxReason bounds the reason of a close frame, in bytes.
const maxReason = 123

// Closed is an error that says how the connection is to be closed. An Init that
// returns another error has it closed with CloseForbidden.
type Closed struct {
	Code   int
	Reason string
}

// Error is the code and the reason.
func (c *Closed) Error() string { return fmt.Sprintf("%d: %s", c.Code, c.Reason) }

// refusalOf is how an error of Init closes the connection. What it says is for
// our log unless it is a Closed.
func refusalOf(err error) Closed {
	var closed *Closed
	if errors.As(err, &closed) {
		return *closed
	}
	return Closed{CloseForbidden, "Forbidden"}
}

type connKey struct{}

// Kick closes the websocket that ctx belongs to, with a code and a reason of at
// most 123 bytes: the close frame goes out first, so that no operation seems to
// have come to its end, and then ctx is cancelled. It reports whether there was
// an open websocket.
func Kick(ctx context.Context, code int, reason string) bool {
	c, ok := ctx.Value(connKey{}).(*conn)
	return ok && c.close(code, reason)
}
