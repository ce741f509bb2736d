package server

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/gorilla/websocket"
)

// Bounds of a websocket.
const (
	websocketBuffer    = 1024 // bytes, each way
	websocketWriteTime = 10 * time.Second
	websocketInitTime  = 10 * time.Second
	websocketPing      = 20 * time.Second
	websocketRead      = 64 << 10 // bytes of one message
)

// gorilla accepts websockets with gorilla/websocket. It prefers the modern
// subprotocol to the legacy one, and only takes browsers from the gateway's
// own pages.
type gorilla struct{ upgrader websocket.Upgrader }

func newGorilla() gorilla {
	return gorilla{websocket.Upgrader{
		ReadBufferSize: websocketBuffer, WriteBufferSize: websocketBuffer,
		Subprotocols: []string{"graphql-transport-ws", "graphql-ws"},
	}}
}

// Accept implements transport.WebsocketImplementation.
func (g gorilla) Accept(w http.ResponseWriter, r *http.Request, options transport.WebsocketAcceptOptions) (transport.WebsocketConn, error) {
	conn, err := g.upgrader.Upgrade(w, r, options.ResponseHeader)
	if err != nil {
		return nil, err
	}
	return gorillaConn{conn}, nil
}

// gorillaConn bounds each write in time, so that a peer that reads nothing is
// let go.
type gorillaConn struct{ *websocket.Conn }

var (
	_ transport.WebsocketConn          = gorillaConn{}
	_ transport.WebsocketReadLimiter   = gorillaConn{}
	_ transport.WebsocketReadDeadliner = gorillaConn{}
)

func (c gorillaConn) NextReader() (int, io.Reader, error) {
	kind, r, err := c.Conn.NextReader()
	var closed *websocket.CloseError
	if errors.As(err, &closed) && (closed.Code == websocket.CloseNormalClosure || closed.Code == websocket.CloseNoStatusReceived) {
		return kind, nil, transport.ErrWebsocketClosed
	}
	return kind, r, err
}

func (c gorillaConn) WriteJSON(v any) error {
	if err := c.SetWriteDeadline(time.Now().Add(websocketWriteTime)); err != nil {
		return err
	}
	return c.Conn.WriteJSON(v)
}

func (c gorillaConn) WriteClose(code int, message string) error {
	return c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, message), time.Now().Add(websocketWriteTime))
}
