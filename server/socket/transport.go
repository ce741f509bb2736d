package socket

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/gorilla/websocket"

	"corebank/server/connlimit"
)

// Transport serves websockets.
type Transport struct {
	// Init decides on a connection by the payload of connection_init; without
	// it, everybody may connect. The context that it returns is that of all of
	// the connection's operations, and the payload, which may be nil, goes with
	// the acknowledgement. It closes the connection by an error: see Closed.
	Init transport.WebsocketInitFunc
	// Ending ends with the gateway, and all connections with it; nil for never.
	Ending context.Context
	// Caller names whose connection it is, for Seats, once Init has passed.
	Caller      func(context.Context) string
	Connections *connlimit.Limiter
	// InitTimeout is how long a client may be silent before connection_init.
	InitTimeout time.Duration
	// Ping is how often a client is asked whether it is there. One that says
	// nothing for twice as long is let go.
	Ping time.Duration
	// WriteTime is how long a client may take to read one message before it is
	// let go.
	WriteTime time.Duration
	// MaxMessage bounds one message of a client, in bytes.
	MaxMessage int64
	// MaxOperations bounds what one connection runs at a time.
	MaxOperations int
}

var _ graphql.Transport = (*Transport)(nil)

// Bounds of a websocket's connection.
const (
	buffer = 512 // bytes; of those to write in, a few for all connections
	// closeTime is how long the client may take to answer our close frame.
	closeTime = 2 * time.Second
)

// upgrader only takes browsers from the gateway's own pages.
var upgrader = websocket.Upgrader{ReadBufferSize: buffer, WriteBufferSize: buffer, WriteBufferPool: &sync.Pool{}, Subprotocols: []string{Modern, Legacy}}

// Supports implements graphql.Transport.
func (t *Transport) Supports(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// Do implements graphql.Transport. It returns when the connection is open, which
// then goes on by itself: what served its request is not needed any longer, and
// is much larger.
func (t *Transport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	leave, ok := t.Connections.Acquire()
	if !ok {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "Too many connections are open; try again later.", http.StatusServiceUnavailable)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		leave()
		slog.Debug("no websocket was opened", "error", err) // it has been answered
		return
	}
	c := newConn(t, ws, exec, r)
	go func() {
		defer leave()
		if t.Ending != nil {
			defer context.AfterFunc(t.Ending, func() { c.close(closeGoingAway, "The gateway ends; connect again") })()
		}
		c.begin()
		c.serve()
	}()
}

// begin settles which words are spoken, if any.
func (c *conn) begin() {
	switch c.ws.Subprotocol() {
	case Modern:
		c.words = modern
	case Legacy:
		c.words = legacy
	default:
		c.close(CloseSubprotocol, "Subprotocol not acceptable")
	}
}

// init begins the connection and takes a seat for it, or closes it.
func (c *conn) init(m message) (leave func()) {
	payload, ok := m.object()
	if !ok {
		c.refuse(Closed{CloseBadMessage, "The payload of connection_init has to be an object"})
		return nil
	}
	var answer *transport.InitPayload
	if c.transport.Init != nil {
		ctx, told, err := c.transport.Init(c.ctx, payload)
		if err != nil {
			slog.Info("a websocket was refused", "error", err)
			c.refuse(refusalOf(err))
			return nil
		}
		c.ctx, answer = ctx, told
	}
	leave, ok = c.transport.Connections.AcquireFor(c.transport.Caller(c.ctx))
	if !ok {
		c.refuse(Closed{CloseTooMany, "Too many connections"})
		return nil
	}
	c.acknowledge(answer)
	return leave
}

// refuse says in words what the legacy subprotocol has words for, and closes.
func (c *conn) refuse(closed Closed) {
	if c.words.initError != "" {
		c.send(message{Type: c.words.initError, Payload: mustJSON(map[string]string{"message": closed.Reason})})
	}
	c.close(closed.Code, closed.Reason)
}

// quiet reports whether a connection ended in an ordinary way.
func quiet(err error) bool {
	return websocket.IsCloseError(err, closeNormal, closeGoingAway, websocket.CloseNoStatusReceived) || errors.Is(err, websocket.ErrCloseSent)
}
