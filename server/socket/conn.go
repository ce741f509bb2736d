package socket

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/gorilla/websocket"
)

// conn is one connection. One goroutine reads; each operation has its own.
type conn struct {
	transport *Transport
	ws        *websocket.Conn
	exec      graphql.GraphExecutor
	header    http.Header
	words     dialect

	ctx     context.Context // of all operations; the reader's alone
	cancel  context.CancelFunc
	began   bool // the reader's alone
	running sync.WaitGroup
	pinger  *time.Timer

	acknowledged atomic.Bool
	closed       atomic.Bool // our close frame is out, or on its way

	writing sync.Mutex // comes before mu

	mu         sync.Mutex
	operations map[string]*operation
	count      int // of those that run, told to stop or not
}

func newConn(t *Transport, ws *websocket.Conn, exec graphql.GraphExecutor, r *http.Request) *conn {
	c := &conn{transport: t, ws: ws, exec: exec, header: r.Header, operations: make(map[string]*operation)}
	ctx, cancel := context.WithCancel(r.Context())
	c.ctx, c.cancel = context.WithValue(ctx, connKey{}, c), cancel
	ws.SetReadLimit(t.MaxMessage)
	ws.SetPongHandler(func(string) error { c.patience(); return nil })
	c.pinger = time.AfterFunc(never, c.ping)
	return c
}

const never = 1 << 62 // until it is reset

// patience moves the moment at which a silent client is let go. One that is to
// close has less time, from then on.
func (c *conn) patience() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed.Load() {
		_ = c.ws.SetReadDeadline(time.Now().Add(2 * c.transport.Ping)) // reading fails where this does
	}
}

// close closes the connection with a code and a reason, unless it is closed.
func (c *conn) close(code int, reason string) bool {
	if !c.closed.CompareAndSwap(false, true) {
		return false
	}
	frame := websocket.FormatCloseMessage(code, strings.ToValidUTF8(reason[:min(len(reason), maxReason)], ""))
	_ = c.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(c.transport.WriteTime)) // who is gone needs none
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.SetReadDeadline(time.Now().Add(closeTime))
	return true
}

// read takes messages until the connection has ended.
func (c *conn) read() {
	leave := func() {}
	defer func() { leave(); c.pinger.Stop() }()
	for {
		c.patience()
		kind, text, err := c.ws.ReadMessage()
		if errors.Is(err, websocket.ErrReadLimit) {
			c.drain()
		}
		if err != nil {
			if !quiet(err) {
				slog.Debug("a websocket broke", "error", err)
			}
			return
		}
		if c.closed.Load() {
			continue // the client has still to answer our close frame
		}
		m, ok := readMessage(text)
		switch {
		case !ok || kind != websocket.TextMessage:
			c.refuse(Closed{CloseBadMessage, "Invalid message: not a JSON object with a type"})
		case m.Type == wordInit && c.began:
			c.close(CloseTooMany, "Too many initialisation requests")
		case m.Type == wordInit:
			c.began = true
			if seat, ok := c.init(m); ok {
				leave = seat
			}
		default:
			c.take(m)
		}
	}
}

// take takes any message but connection_init.
func (c *conn) take(m message) {
	switch m.Type {
	case c.words.ping, c.words.pong:
		if _, ok := m.object(); !ok {
			c.close(CloseBadMessage, "Invalid message: the payload has to be an object")
		} else if m.Type == c.words.ping {
			c.send(message{Type: c.words.pong, Payload: m.Payload})
		}
	case c.words.start:
		c.start(m)
	case c.words.stop:
		c.stop(m)
	case c.words.terminate:
		c.close(closeNormal, "Terminated")
	default:
		c.refuse(Closed{CloseBadMessage, "Invalid message: unknown type"})
	}
}

// drain lets the client read that its message was too long (the close frame
// with 1009 is out): closing with bytes unread would take that away.
func (c *conn) drain() {
	c.closed.Store(true)
	c.cancel()
	raw := c.ws.NetConn()
	if raw.SetReadDeadline(time.Now().Add(closeTime)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(raw, 16*c.transport.MaxMessage)) // it ends with an error
	}
}

// acknowledge lets the client begin.
func (c *conn) acknowledge(payload *transport.InitPayload) {
	m := message{Type: wordAck}
	if payload != nil {
		m.Payload = mustJSON(*payload)
	}
	c.acknowledged.Store(true)
	c.send(m)
	if c.words.alive != "" {
		c.send(message{Type: c.words.alive})
	}
	c.pinger.Reset(c.transport.Ping)
}

// ping asks the client whether it is there, in the words of its subprotocol or
// else by websocket.
func (c *conn) ping() {
	ok := false
	if c.words.ping != "" {
		ok = c.send(message{Type: c.words.ping})
	} else {
		ok = c.send(message{Type: c.words.alive}) &&
			c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.transport.WriteTime)) == nil
	}
	if ok {
		c.pinger.Reset(c.transport.Ping)
	}
}

// send writes a message, unless the connection is closed.
func (c *conn) send(m message) bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	return !c.closed.Load() && c.write(m)
}

// write writes a message in bounded time. A client that does not take it is
// gone. c.writing is held.
func (c *conn) write(m message) bool {
	err := c.ws.SetWriteDeadline(time.Now().Add(c.transport.WriteTime))
	if err == nil {
		err = c.ws.WriteJSON(m)
	}
	if err != nil {
		c.cancel()
		_ = c.ws.Close()
	}
	return err == nil
}

// mustJSON writes what has no way to fail but in a payload of Init's.
func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		slog.Error("a payload cannot be written", "error", err)
		return nil
	}
	return text
}
