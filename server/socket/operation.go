package socket

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/server/request"
)

// CodeTooManyOperations is the error of an operation that is one too many on
// its connection: end another first, or connect again.
const CodeTooManyOperations = "TOO_MANY_OPERATIONS"

// operation is one that runs, or has been told to stop.
type operation struct {
	conn   *conn
	id     string
	ctx    context.Context
	cancel context.CancelFunc

	// live is set once it is a subscription that has caught up with what happens.
	live *request.Live
	head []byte // how its answers begin
	// woken is 0 while nothing runs for it, and otherwise grows whenever there is
	// something new.
	woken atomic.Int64
}

// start begins an operation, or says why it cannot.
func (c *conn) start(m message) {
	switch {
	case !c.acknowledged.Load():
		c.close(CloseUnauthorized, "Unauthorized: send connection_init first")
		return
	case m.ID == "":
		c.close(CloseBadMessage, "Invalid message: id is missing")
		return
	case !m.hasPayload():
		c.close(CloseBadMessage, "Invalid message: payload is missing")
		return
	}
	params, err := request.FromJSON(m.Payload)
	if err != nil {
		c.close(CloseBadMessage, "Invalid message: "+err.Error())
		return
	}
	params.ReadTime = graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(c.ctx))
	op := &operation{conn: c, id: m.ID, ctx: ctx, cancel: cancel}
	op.woken.Store(1)
	switch fits, duplicate := c.enter(op); {
	case duplicate:
		cancel()
		c.close(CloseDuplicate, fmt.Sprintf("Subscriber for %.80s already exists", m.ID))
	case !fits:
		cancel()
		c.send(message{Type: wordError, ID: m.ID, Payload: errorsOf(gqlerror.List{{
			Message:    fmt.Sprintf("One connection runs at most %d operations at a time; complete another first.", c.transport.MaxOperations),
			Extensions: map[string]any{"code": CodeTooManyOperations, "retryable": true}}})})
	default:
		go op.run(params)
	}
}

// enter keeps an operation, if it fits and none has its id.
func (c *conn) enter(op *operation) (fits, duplicate bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.operations[op.id] != nil {
		return false, true
	}
	if c.count >= c.transport.MaxOperations {
		return false, false
	}
	c.operations[op.id] = op
	c.count++
	c.running.Add(1)
	return true, false
}

// run executes an operation and sends its answers: an error ends it, and so
// does a complete, and never both.
func (op *operation) run(params *graphql.RawParams) {
	c, failed := op.conn, false
	op.live = request.Run(op.ctx, c.exec, params, anything, op.wake, func(response *graphql.Response) {
		if failed = response.Data == nil; failed {
			op.tell(message{Type: wordError, Payload: errorsOf(response.Errors)}, true)
			return
		}
		op.tell(message{Type: c.words.next, Payload: mustJSON(response)}, false)
	})
	if op.live != nil {
		op.head = fmt.Appendf(nil, `{"type":%s,"id":%s,"payload":`, mustJSON(c.words.next), mustJSON(op.id))
		op.tellNews()
		return
	}
	if !failed {
		op.tell(message{Type: wordComplete}, true)
	}
	c.leave(op)
}

// anything may run on a socket.
func anything(*graphql.OperationContext) *gqlerror.Error { return nil }

// wake has somebody look for news, unless somebody does.
func (op *operation) wake() {
	if op.woken.Add(1) == 1 {
		go op.tellNews()
	}
}

// tellNews sends what has happened, until there is nothing more for now, or the
// operation ends. Then woken stays, and nothing runs for it again.
func (op *operation) tellNews() {
	for {
		seen := op.woken.Load()
		if !op.tellWaiting() {
			op.live.Leave()
			op.conn.leave(op)
			return
		}
		if op.woken.CompareAndSwap(seen, 0) {
			return
		}
	}
}

// tellWaiting sends what waits, in few writes. It reports whether there may be
// more some time.
func (op *operation) tellWaiting() bool {
	out := newFrames()
	defer out.free()
	for op.ctx.Err() == nil {
		text, last := op.live.Take()
		if text != nil {
			out.add(op.head, text, []byte("}"))
		}
		if last != nil {
			out.message(message{Type: wordError, ID: op.id, Payload: errorsOf(last.Errors)})
		}
		if text != nil && last == nil && len(out.bytes) < enough {
			continue
		}
		op.write(out, last != nil)
		if text == nil || last != nil {
			return last == nil && op.ctx.Err() == nil
		}
		out.bytes = out.bytes[:0]
	}
	return false
}

// tell sends a message of an operation.
func (op *operation) tell(m message, last bool) {
	out := newFrames()
	defer out.free()
	m.ID = op.id
	out.message(m)
	op.write(out, last)
}

// write writes messages of an operation, unless the client has stopped it. With
// the last one, its id is free again before the client knows.
func (op *operation) write(out *frames, last bool) {
	c := op.conn
	c.writing.Lock()
	defer c.writing.Unlock()
	if len(out.bytes) == 0 || c.closed.Load() || !c.listening(op, last) {
		return
	}
	c.write(out)
}

// listening reports whether the client waits for an operation.
func (c *conn) listening(op *operation, last bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.operations[op.id] != op {
		return false
	}
	if last {
		delete(c.operations, op.id)
	}
	return true
}

// stop ends an operation by the client's wish. There may be none: their
// messages cross ours.
func (c *conn) stop(m message) {
	if m.ID == "" {
		c.close(CloseBadMessage, "Invalid message: id is missing")
		return
	}
	c.mu.Lock()
	op := c.operations[m.ID]
	delete(c.operations, m.ID)
	c.mu.Unlock()
	if op == nil {
		return
	}
	op.cancel()
	op.wake()
	if c.words == legacy { // its clients wait for that
		c.send(message{Type: wordComplete, ID: m.ID})
	}
}

// leave makes room for another operation.
func (c *conn) leave(op *operation) {
	defer c.running.Done()
	op.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count--
	if c.operations[op.id] == op {
		delete(c.operations, op.id)
	}
}
