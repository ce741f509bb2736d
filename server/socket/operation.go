package socket

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/internal/tracing"
	"corebank/server/request"
)

// CodeTooManyOperations is the error of an operation that exceeds the maximum of
// its connection: end another one first, or open another connection.
const CodeTooManyOperations = "TOO_MANY_OPERATIONS"

// operation is an operation that runs, or that was stopped and has not ended.
type operation struct {
	conn   *conn
	id     string
	ctx    context.Context
	cancel context.CancelFunc

	// live is set for a subscription when its backfill is complete.
	live   *request.Live
	prefix []byte // of each message with an answer
	// notified is 0 while no goroutine runs for the operation; otherwise it grows
	// with each notification.
	notified atomic.Int64
}

// start starts an operation, or answers why it cannot.
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
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(
		tracing.WithRequest(c.ctx, tracing.NewRequestID())))
	op := &operation{conn: c, id: m.ID, ctx: ctx, cancel: cancel}
	op.notified.Store(1)
	switch fits, duplicate := c.enter(op); {
	case duplicate:
		cancel()
		c.close(CloseDuplicate, fmt.Sprintf("Subscriber for %.80s already exists", m.ID))
	case !fits:
		cancel()
		c.transport.count(CodeTooManyOperations)
		c.send(message{Type: typeError, ID: m.ID, Payload: errorsOf(ctx, gqlerror.List{{
			Message: fmt.Sprintf("A connection runs at most %d operations at a time; complete another first.",
				c.transport.MaxOperations),
			Extensions: map[string]any{"code": CodeTooManyOperations, "retryable": true}}})})
	default:
		go op.run(params)
	}
}

// enter registers an operation if there is room and no other has its id.
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

// run executes an operation and sends its answers. Either an error or a complete
// ends it, never both.
func (op *operation) run(params *graphql.RawParams) {
	c, failed := op.conn, false
	op.live = request.Run(op.ctx, c.exec, params, allowAll, op.notify, func(response *graphql.Response) {
		if failed = response.Data == nil; failed {
			op.send(message{Type: typeError, Payload: errorsOf(op.ctx, response.Errors)}, true)
			return
		}
		op.send(message{Type: c.dialect.next, Payload: mustJSON(response)}, false)
	})
	if op.live != nil {
		op.prefix = fmt.Appendf(nil, `{"type":%s,"id":%s,"payload":`, mustJSON(c.dialect.next), mustJSON(op.id))
		op.sendWaiting()
		return
	}
	if !failed {
		op.send(message{Type: typeComplete}, true)
	}
	c.leave(op)
}

// allowAll is the check of a websocket: any operation may run on it.
func allowAll(*graphql.OperationContext) *gqlerror.Error { return nil }

// notify starts a goroutine that sends the waiting answers, unless one runs.
func (op *operation) notify() {
	if op.notified.Add(1) == 1 {
		go op.sendWaiting()
	}
}

// sendWaiting sends answers until none waits or the operation ends. After the
// end, notified stays above 0, so that no goroutine is started again.
func (op *operation) sendWaiting() {
	for {
		seen := op.notified.Load()
		if !op.sendBatch() {
			op.live.Leave()
			op.conn.leave(op)
			return
		}
		if op.notified.CompareAndSwap(seen, 0) {
			return
		}
	}
}

// sendBatch sends the waiting answers in few writes. It reports whether there
// may be more later.
func (op *operation) sendBatch() bool {
	out := newFrames()
	defer out.free()
	for op.ctx.Err() == nil {
		text, last := op.live.Take()
		if text != nil {
			out.add(op.prefix, text, []byte("}"))
		}
		if last != nil {
			out.message(message{Type: typeError, ID: op.id, Payload: errorsOf(op.ctx, last.Errors)})
		}
		if text != nil && last == nil && len(out.bytes) < writeSize {
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

// send sends a message of the operation.
func (op *operation) send(m message, last bool) {
	out := newFrames()
	defer out.free()
	m.ID = op.id
	out.message(m)
	op.write(out, last)
}

// write writes messages of the operation, unless the client has stopped it. The
// id becomes free before the last message is written, so that the client can use
// it again as soon as it has read that message.
func (op *operation) write(out *frames, last bool) {
	c := op.conn
	c.writing.Lock()
	defer c.writing.Unlock()
	if len(out.bytes) == 0 || c.closed.Load() || !c.expects(op, last) {
		return
	}
	c.write(out)
}

// expects reports whether the client still expects answers of an operation.
func (c *conn) expects(op *operation, last bool) bool {
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

// stop ends an operation at the client's request. It may have ended already:
// the messages of both sides can cross.
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
		c.countIdle()
		return
	}
	op.cancel()
	op.notify()
	if c.dialect == legacy { // its clients wait for the complete
		c.send(message{Type: typeComplete, ID: m.ID})
	}
}

// leave unregisters an operation that has ended.
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
