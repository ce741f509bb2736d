package socket

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/server/request"
)

// CodeTooManyOperations is the error of an operation that is one too many on
// its connection: end another first, or connect again.
const CodeTooManyOperations = "TOO_MANY_OPERATIONS"

// operation is one that runs, or has been told to stop.
type operation struct {
	id     string
	cancel context.CancelFunc
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
	params.Headers = c.header
	params.ReadTime = graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(c.ctx))
	op := &operation{m.ID, cancel}
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
		c.running.Go(func() { c.run(ctx, op, params) })
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
	return true, false
}

// run executes an operation and sends its answers: an error ends it, and so
// does a complete, and never both.
func (c *conn) run(ctx context.Context, op *operation, params *graphql.RawParams) {
	defer c.leave(op)
	failed := false
	request.Run(ctx, c.exec, params, anything, func(response *graphql.Response) {
		if failed = response.Data == nil; failed {
			c.tell(op, message{Type: wordError, Payload: errorsOf(response.Errors)}, true)
			return
		}
		c.tell(op, message{Type: c.words.next, Payload: mustJSON(response)}, false)
	})
	if !failed {
		c.tell(op, message{Type: wordComplete}, true)
	}
}

// anything may run on a socket.
func anything(*graphql.OperationContext) *gqlerror.Error { return nil }

// tell sends a message of an operation, unless the client has stopped it. With
// the last one, its id is free again before the client knows.
func (c *conn) tell(op *operation, m message, last bool) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closed.Load() || !c.listening(op, last) {
		return
	}
	m.ID = op.id
	c.write(m)
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
	if c.words == legacy { // its clients wait for that
		c.send(message{Type: wordComplete, ID: m.ID})
	}
}

// leave makes room for another operation.
func (c *conn) leave(op *operation) {
	op.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count--
	if c.operations[op.id] == op {
		delete(c.operations, op.id)
	}
}
