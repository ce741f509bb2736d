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
	"golang.org/x/time/rate"
)

// conn is one connection. One goroutine reads. An operation has a goroutine of
// its own until it has ended or its backfill is complete, and after that only
// while it has answers to send.
type conn struct {
	transport *Transport
	ws        *websocket.Conn
	exec      graphql.GraphExecutor
	dialect   dialect

	accepted func() // uncounts the connection among those that wait for connection_init

	ctx     context.Context // of all operations; used only where a message is handled
	cancel  context.CancelFunc
	began   bool // used only where a message is handled
	running sync.WaitGroup
	timer   *time.Timer // until connection_init has to arrive, and then between pings

	idle *rate.Limiter // bounds what no other limit counts: pings and the like

	acknowledged atomic.Bool
	closed       atomic.Bool // a close frame was sent or is being sent

	writing sync.Mutex // locked before mu

	mu         sync.Mutex
	operations map[string]*operation
	count      int // of operations that run, including stopped ones
}

func newConn(t *Transport, ws *websocket.Conn, exec graphql.GraphExecutor, r *http.Request) *conn {
	c := &conn{transport: t, ws: ws, exec: exec, operations: make(map[string]*operation),
		idle: rate.NewLimiter(idlePerSecond, idleBurst)}
	if paced, can := ws.NetConn().(interface{ Pace(perSecond, burst int) }); can {
		paced.Pace(bytesPerSecond, bytesBurst)
	}
	// The connection outlives its request, but needs the values of its context.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	c.ctx, c.cancel = context.WithValue(ctx, connKey{}, c), cancel
	ws.SetReadLimit(t.MaxMessage)
	ws.SetPongHandler(func(string) error { c.extendReadDeadline(); c.countIdle(); return nil })
	ws.SetPingHandler(func(data string) error {
		if c.countIdle() {
			c.control(websocket.PongMessage, []byte(data))
		}
		return nil
	})
	ws.SetCloseHandler(func(code int, _ string) error { c.echo(code); return nil })
	c.timer = time.AfterFunc(t.InitTimeout, c.tick)
	return c
}

// extendReadDeadline moves the time at which a silent client is disconnected.
// After the close frame, the deadline of close stays.
func (c *conn) extendReadDeadline() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed.Load() {
		_ = c.ws.SetReadDeadline(time.Now().Add(2 * c.transport.Ping)) // if this fails, reading fails too
	}
}

// Bounds of what a client sends. A frame without content is six bytes.
const (
	idlePerSecond  = 10
	idleBurst      = 200
	bytesPerSecond = 512 << 10
	bytesBurst     = 1 << 20
)

// countIdle counts a control frame or a message that asks for nothing. With one too
// many it closes the connection: what still comes until the client answers the
// close frame is read and not answered.
func (c *conn) countIdle() (fits bool) {
	if c.closed.Load() {
		return false
	}
	if fits = c.idle.Allow(); !fits {
		c.close(CloseTooMany, "Too many pings")
	}
	return fits
}

// close closes the connection with a code and a reason, unless it is closed
// already.
func (c *conn) close(code int, reason string) bool {
	if !c.closed.CompareAndSwap(false, true) {
		return false
	}
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	c.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
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

// serve handles messages until the connection and all of its operations have
// ended.
func (c *conn) serve() {
	release := func() {}
	defer func() { release() }()
	defer c.running.Wait()
	defer c.end()
	defer c.recover()
	for {
		c.extendReadDeadline()
		kind, text, err := c.ws.ReadMessage()
		if errors.Is(err, websocket.ErrReadLimit) {
			c.drain()
		}
		if err != nil {
			if !isOrdinaryClose(err) {
				slog.DebugContext(c.ctx, "a websocket failed", "error", err)
			}
			return
		}
		if c.closed.Load() {
			continue // until the client answers the close frame
		}
		// This goroutine waits nearly all the time. Another goroutine handles the
		// message, so that this one's stack stays small.
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer c.recover()
			if acquired := c.handle(kind, text); acquired != nil {
				release = acquired
			}
		}()
		<-done
	}
}

// recover makes a panic end its own connection, not the gateway.
func (c *conn) recover() {
	if reason := recover(); reason != nil {
		slog.ErrorContext(c.ctx, "panic in a websocket", "reason", reason, "stack", string(debug.Stack()))
		_ = c.ws.Close() // it may have ended
	}
}

// end makes all operations notice that the client is gone.
func (c *conn) end() {
	c.timer.Stop()
	c.cancel()
	_ = c.ws.Close() // it may have been closed
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, op := range c.operations {
		op.notify()
	}
}

// handle handles a message. For connection_init it counts the connection
// against its caller's limit and returns the function that uncounts it.
func (c *conn) handle(kind int, text []byte) (release func()) {
	m, ok := readMessage(text)
	switch {
	case !ok || kind != websocket.TextMessage:
		c.refuse(Closed{CloseBadMessage, "Invalid message: not a JSON object with a type"})
		return nil
	case m.Type == typeInit && c.began:
		c.close(CloseTooMany, "Too many initialisation requests")
		return nil
	case m.Type == typeInit:
		c.began = true
		return c.init(m)
	}
	switch m.Type {
	case c.dialect.ping, c.dialect.pong:
		if !c.countIdle() {
			return nil
		}
		if _, ok := m.object(); !ok {
			c.close(CloseBadMessage, "Invalid message: the payload must be an object")
		} else if m.Type == c.dialect.ping {
			c.send(message{Type: c.dialect.pong, Payload: m.Payload})
		}
	case c.dialect.start:
		c.start(m)
	case c.dialect.stop:
		c.stop(m)
	case c.dialect.terminate:
		c.close(closeNormal, "Terminated")
	default:
		c.refuse(Closed{CloseBadMessage, "Invalid message: unknown type"})
	}
	return nil
}

// drain reads the rest of a message that was too long. The close frame with 1009
// was sent; closing the connection with unread bytes would discard it before
// the client reads it.
func (c *conn) drain() {
	c.closed.Store(true)
	c.cancel()
	raw := c.ws.NetConn()
	if raw.SetReadDeadline(time.Now().Add(closeTime)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(raw, 16*c.transport.MaxMessage)) // it ends with an error
	}
}

// acknowledge sends connection_ack.
func (c *conn) acknowledge(payload *transport.InitPayload) {
	m := message{Type: typeAck}
	if payload != nil {
		m.Payload = mustJSON(*payload)
	}
	c.acknowledged.Store(true)
	c.send(m)
	if c.dialect.alive != "" {
		c.send(message{Type: c.dialect.alive})
	}
	c.timer.Reset(c.transport.Ping)
}

// tick runs when the timer fires: it closes a connection without
// connection_init, and pings any other.
func (c *conn) tick() {
	if !c.acknowledged.Load() {
		c.close(CloseInitTimeout, "Connection initialisation timeout")
		return
	}
	if c.ping() {
		c.timer.Reset(c.transport.Ping)
	}
}

// ping pings the client, with a message of its subprotocol or else a control
// frame.
func (c *conn) ping() bool {
	if c.dialect.ping != "" {
		return c.send(message{Type: c.dialect.ping})
	}
	return c.send(message{Type: c.dialect.alive}) && c.control(websocket.PingMessage, nil)
}

// control writes a control frame.
func (c *conn) control(kind int, data []byte) bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.ws.WriteControl(kind, data, time.Now().Add(c.transport.WriteTime)) == nil // a client that is gone needs none
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

// write writes messages in bounded time. A client that does not read them in
// time is disconnected. c.writing is held, because this bypasses the library's
// writer.
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

// mustJSON encodes a value. Only a payload of Init can fail.
func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		slog.Error("a payload cannot be encoded", "error", err)
		return nil
	}
	return text
}
