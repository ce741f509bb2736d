package socket

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/gorilla/websocket"
)

// conn is one connection. One goroutine reads; an operation has its own until it
// has ended, or has caught up with what happens, and then while it has something
// to tell.
type conn struct {
	transport *Transport
	ws        *websocket.Conn
	exec      graphql.GraphExecutor
	words     dialect

	ctx     context.Context // of all operations; who takes a message alone sees it
	cancel  context.CancelFunc
	began   bool // by the same
	running sync.WaitGroup
	clock   *time.Timer // until the client has to have begun, and then between pings

	acknowledged atomic.Bool
	closed       atomic.Bool // a close frame is out, or on its way

	writing sync.Mutex // comes before mu

	mu         sync.Mutex
	operations map[string]*operation
	count      int // of those that run, told to stop or not
}

func newConn(t *Transport, ws *websocket.Conn, exec graphql.GraphExecutor, r *http.Request) *conn {
	c := &conn{transport: t, ws: ws, exec: exec, operations: make(map[string]*operation)}
	// It outlives its request, whose context has what the door knows of it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	c.ctx, c.cancel = context.WithValue(ctx, connKey{}, c), cancel
	ws.SetReadLimit(t.MaxMessage)
	ws.SetPongHandler(func(string) error { c.patience(); return nil })
	ws.SetPingHandler(func(data string) error { c.control(websocket.PongMessage, []byte(data)); return nil })
	ws.SetCloseHandler(func(code int, _ string) error { c.echo(code); return nil })
	c.clock = time.AfterFunc(t.InitTimeout, c.tick)
	return c
}

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
	c.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")))
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.SetReadDeadline(time.Now().Add(closeTime))
	return true
}

// echo answers the close frame of a client that closes.
func (c *conn) echo(code int) {
	if c.closed.CompareAndSwap(false, true) {
		c.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
	}
}

// serve takes messages until the connection has ended, and all of its operations
// with it.
func (c *conn) serve() {
	leave := func() {}
	defer func() { leave() }()
	defer c.running.Wait()
	defer c.end()
	defer c.survive()
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
		// This goroutine waits nearly always: what takes more stack than that is done
		// by another.
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer c.survive()
			if seat := c.take(kind, text); seat != nil {
				leave = seat
			}
		}()
		<-done
	}
}

// survive makes a panic the end of its own connection, not of the gateway.
func (c *conn) survive() {
	if reason := recover(); reason != nil {
		slog.Error("panic at a websocket", "reason", reason, "stack", string(debug.Stack()))
		_ = c.ws.Close() // it may have ended
	}
}

// end lets all operations know that nobody listens.
func (c *conn) end() {
	c.clock.Stop()
	c.cancel()
	_ = c.ws.Close() // it may have been closed
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, op := range c.operations {
		op.wake()
	}
}

// take takes a message. The first gives the connection a seat, which it has to
// leave.
func (c *conn) take(kind int, text []byte) (leave func()) {
	m, ok := readMessage(text)
	switch {
	case !ok || kind != websocket.TextMessage:
		c.refuse(Closed{CloseBadMessage, "Invalid message: not a JSON object with a type"})
		return nil
	case m.Type == wordInit && c.began:
		c.close(CloseTooMany, "Too many initialisation requests")
		return nil
	case m.Type == wordInit:
		c.began = true
		return c.init(m)
	}
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
	return nil
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
	c.clock.Reset(c.transport.Ping)
}

// tick looks after the client, from time to time.
func (c *conn) tick() {
	if !c.acknowledged.Load() {
		c.close(CloseInitTimeout, "Connection initialisation timeout")
		return
	}
	if c.ping() {
		c.clock.Reset(c.transport.Ping)
	}
}

// ping asks the client whether it is there, in the words of its subprotocol or
// else by websocket.
func (c *conn) ping() bool {
	if c.words.ping != "" {
		return c.send(message{Type: c.words.ping})
	}
	return c.send(message{Type: c.words.alive}) && c.control(websocket.PingMessage, nil)
}

// control writes a control frame.
func (c *conn) control(kind int, data []byte) bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.ws.WriteControl(kind, data, time.Now().Add(c.transport.WriteTime)) == nil // who is gone needs none
}

// send writes a message, unless the connection is closed.
func (c *conn) send(m message) bool {
	out := newFrames()
	defer out.free()
	out.message(m)
	c.writing.Lock()
	defer c.writing.Unlock()
	return !c.closed.Load() && c.write(out)
}

// write writes messages in bounded time. A client that does not take them is
// gone. c.writing is held, since it goes by the library's writer.
func (c *conn) write(out *frames) bool {
	raw := c.ws.NetConn()
	err := raw.SetWriteDeadline(time.Now().Add(c.transport.WriteTime))
	if err == nil {
		_, err = raw.Write(out.bytes)
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
