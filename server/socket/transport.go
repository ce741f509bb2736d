package socket

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
	"corebank/server/connlimit"
	"corebank/server/overhttp"
	"corebank/server/request"
)

// Transport serves websockets.
type Transport struct {
	// Init accepts or refuses a connection by the payload of connection_init;
	// without it, every client may connect. The context that it returns is that of
	// all operations of the connection. The payload that it returns, which may be
	// nil, is sent with the acknowledgement. An error closes the connection: see
	// Closed.
	Init transport.WebsocketInitFunc
	// Ending is cancelled when the gateway stops; it closes all connections. nil
	// for never.
	Ending context.Context
	// Caller names the caller of a connection, for Connections, after Init.
	Caller      func(context.Context) string
	Connections *connlimit.Limiter
	// Pending bounds the connections without an accepted connection_init, in all and
	// for one address; nil for no bound.
	Pending *connlimit.Limiter
	// Refused, unless it is nil, counts a connection that is refused because of their number, or an operation, by a code.
	Refused func(code string)
	// InitTimeout is how long a client may take to send connection_init.
	InitTimeout time.Duration
	// Ping is the time between pings. A client that sends nothing for twice as long
	// is disconnected.
	Ping time.Duration
	// WriteTime is how long a client may take to read one message before it is
	// disconnected.
	WriteTime time.Duration
	// MaxMessage bounds one message of a client, in bytes.
	MaxMessage int64
	// MaxOperations bounds what one connection runs at a time.
	MaxOperations int
}

var _ graphql.Transport = (*Transport)(nil)

// Bounds of a websocket's connection.
const (
	buffer = 512 // bytes; all connections share a few write buffers
	// closeTime is how long the client may take to answer a close frame.
	closeTime = 2 * time.Second
)

// upgrader accepts pages of any origin: the guard has checked it.
var upgrader = websocket.Upgrader{ReadBufferSize: buffer, WriteBufferSize: buffer, WriteBufferPool: &sync.Pool{},
	Subprotocols: []string{Modern, Legacy}, CheckOrigin: func(*http.Request) bool { return true },
	Error: func(w http.ResponseWriter, r *http.Request, status int, reason error) {
		w.Header().Set("Sec-Websocket-Version", "13")
		code := overhttp.CodeBadRequest
		if status >= http.StatusInternalServerError {
			code = graph.CodeInternal
		}
		deny(w, r, status, code, "The connection cannot become a websocket: "+
			strings.TrimPrefix(reason.Error(), "websocket: ")+".")
	}}

// tooMany refuses a connection for now.
func tooMany(w http.ResponseWriter, r *http.Request, message string) {
	w.Header().Set("Retry-After", "10")
	deny(w, r, http.StatusServiceUnavailable, overhttp.CodeTooMany, message)
}

// deny answers a request for a websocket with an error.
func deny(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	overhttp.Refuse(w, r, status, &gqlerror.Error{Message: message,
		Extensions: map[string]any{"code": code, "retryable": code == overhttp.CodeTooMany}})
}

// Supports implements graphql.Transport.
func (t *Transport) Supports(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// Do implements graphql.Transport. It returns as soon as the connection is open:
// the goroutine that served its request is much larger than the connection's own.
func (t *Transport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	release, ok := t.Connections.Acquire()
	if !ok {
		t.count(overhttp.CodeTooMany)
		tooMany(w, r, "Too many connections are open; try again later.")
		return
	}
	accepted, ok := t.acquirePending(r)
	if !ok {
		release()
		t.count(overhttp.CodeTooMany)
		tooMany(w, r, "Too many connections wait for connection_init; try again later.")
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		accepted()
		release()
		slog.DebugContext(r.Context(), "a websocket was not opened", "error", err) // the upgrader has answered
		return
	}
	c := newConn(t, ws, exec, r)
	c.accepted = accepted
	go func() {
		defer release()
		defer accepted()
		if t.Ending != nil {
			defer context.AfterFunc(t.Ending, func() { c.close(closeGoingAway, "The gateway stops; connect again") })()
		}
		c.begin()
		c.serve()
	}()
}

func (t *Transport) count(code string) {
	if t.Refused != nil {
		t.Refused(code)
	}
}

// acquirePending counts a connection until its connection_init was accepted.
func (t *Transport) acquirePending(r *http.Request) (release func(), ok bool) {
	if t.Pending == nil {
		return func() {}, true
	}
	releaseTotal, ok := t.Pending.Acquire()
	if !ok {
		return nil, false
	}
	releaseAddress, ok := t.Pending.AcquireFor(connlimit.Network(r.RemoteAddr))
	if !ok {
		releaseTotal()
		return nil, false
	}
	return func() { releaseAddress(); releaseTotal() }, true
}

// begin selects the dialect, or closes the connection if there is none.
func (c *conn) begin() {
	switch c.ws.Subprotocol() {
	case Modern:
		c.dialect = modern
	case Legacy:
		c.dialect = legacy
	default:
		c.close(CloseSubprotocol, "Subprotocol not acceptable")
	}
}

// init accepts the connection and counts it against its caller's limit, or
// closes it.
func (c *conn) init(m message) (release func()) {
	payload, ok := m.object()
	if !ok {
		c.refuse(Closed{CloseBadMessage, "The payload of connection_init must be an object"})
		return nil
	}
	var answer *transport.InitPayload
	if c.transport.Init != nil {
		ctx, reply, err := c.transport.Init(c.ctx, payload)
		if err != nil {
			slog.InfoContext(c.ctx, "a websocket was refused", "error", err)
			c.refuse(refusalOf(err))
			return nil
		}
		c.ctx, answer = ctx, reply
	}
	release, ok = c.transport.Connections.AcquireFor(c.transport.Caller(c.ctx))
	if !ok {
		c.transport.count(overhttp.CodeTooMany)
		c.refuse(Closed{CloseTryAgain, "Too many connections"}) // which stock clients try again, unlike 4429
		return nil
	}
	c.accepted()
	c.acknowledge(answer)
	return release
}

// refuse sends the error message of the legacy subprotocol, if that is used, and
// closes the connection.
func (c *conn) refuse(closed Closed) {
	if c.dialect.initError != "" {
		c.send(message{Type: c.dialect.initError, Payload: mustJSON(request.Name(c.ctx,
			gqlerror.List{{Message: closed.Reason}})[0])})
	}
	c.close(closed.Code, closed.Reason)
}

// isOrdinaryClose reports whether a connection was closed and did not fail.
func isOrdinaryClose(err error) bool {
	return websocket.IsCloseError(err, closeNormal, closeGoingAway, websocket.CloseNoStatusReceived) ||
		errors.Is(err, websocket.ErrCloseSent)
}
