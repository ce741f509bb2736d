package overhttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
	"corebank/internal/identity"
	"corebank/server/request"
)

// eventWriteTime bounds one write to a stream: a client that does not read for
// so long is disconnected.
const eventWriteTime = 10 * time.Second

// stream answers with server-sent events, in the distinct connections mode of
// the GraphQL over SSE protocol: one "next" for each answer and a "complete" at
// the end, in a response of status 200 even for errors.
func (t Transport) stream(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor,
	params *graphql.RawParams) {
	release := t.acquireConnection(w, r)
	if release == nil {
		return
	}
	defer release()
	_ = r.Body.Close() // it was read
	ctx, cancel := untilTokenEnds(r.Context())
	defer cancel()
	if t.Ending != nil {
		defer context.AfterFunc(t.Ending, cancel)()
	}
	out := &events{w: w, r: r, control: http.NewResponseController(w), ctx: ctx}
	if !out.begin() {
		return
	}
	run := running{answers: make(chan *graphql.Response), news: make(chan struct{}, 1)}
	go func() {
		defer close(run.answers)
		run.live = request.Run(ctx, exec, params, t.check(r.Method), run.notify, func(response *graphql.Response) {
			select {
			case run.answers <- response:
			case <-ctx.Done():
			}
		})
	}()
	out.send(&run, t.KeepAlive)
	cancel()
	for range run.answers { // until the operation has ended
	}
	if run.live != nil {
		run.live.Leave()
	}
}

// untilTokenEnds is the context of a stream: it ends with the caller's token.
func untilTokenEnds(ctx context.Context) (context.Context, context.CancelFunc) {
	if ends, limited := identity.From(ctx).Ends(); limited {
		return context.WithDeadline(ctx, ends)
	}
	return context.WithCancel(ctx)
}

// running is an operation whose answers are streamed.
type running struct {
	answers chan *graphql.Response
	live    *request.Live // set, if at all, before answers is closed
	news    chan struct{} // has a value when live has answers
}

func (r *running) notify() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// acquireConnection counts a connection for the stream, or refuses the request
// and returns nil.
func (t Transport) acquireConnection(w http.ResponseWriter, r *http.Request) (release func()) {
	releaseTotal, ok := t.Connections.Acquire()
	if !ok {
		w.Header().Set("Retry-After", "10")
		t.refuse(w, r, mediaJSON, refused{http.StatusServiceUnavailable, CodeTooMany,
			"Too many connections are open; try again later."})
		return nil
	}
	releaseCaller, ok := t.Connections.AcquireFor(t.Caller(r.Context()))
	if !ok {
		releaseTotal()
		t.refuse(w, r, mediaJSON, refused{http.StatusTooManyRequests, CodeTooMany,
			"You have too many connections open; close one, or use one websocket for many operations."})
		return nil
	}
	return func() { releaseCaller(); releaseTotal() }
}

// check refuses an operation that a stream of events cannot carry, or that a GET
// must not do.
func (t Transport) check(method string) request.Check {
	return func(operation *graphql.OperationContext) *gqlerror.Error {
		if no := unfit(operation, method); no != nil && operation.Operation.Operation != ast.Subscription {
			t.count(no.code)
			return refusal(no.code, no.message).Errors[0]
		}
		return nil
	}
}

// events writes a stream of events.
type events struct {
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	ctx     context.Context
}

// begin writes the header, so that the client knows that the stream is open.
func (e *events) begin() bool {
	header := e.w.Header()
	header.Set("Content-Type", mediaEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Accel-Buffering", "no")
	// The server's read timeout is for the request, which has been read.
	if err := e.control.SetReadDeadline(time.Time{}); err != nil {
		slog.Error("a stream cannot be served: a wrapper of the response writer has no Unwrap", "error", err)
		send(e.w, e.r, mediaJSON, http.StatusInternalServerError,
			refusal(graph.CodeInternal, "Streams of events cannot be served here; use a websocket."))
		return false
	}
	e.w.WriteHeader(http.StatusOK)
	return e.write([]byte(":\n\n"))
}

// send writes the answers until there are no more or the client has left.
func (e *events) send(run *running, keepAlive time.Duration) {
	quiet := time.NewTicker(keepAlive)
	defer quiet.Stop()
	answers, news := run.answers, (chan struct{})(nil)
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-quiet.C:
			if !e.write([]byte(": ping\n\n")) {
				return
			}
			continue
		case response, more := <-answers:
			if more && !e.write(appendNext(nil, encode(e.ctx, response))) {
				return
			}
			if !more && run.live == nil {
				e.write([]byte(complete))
				return
			}
			if !more { // the backfill is complete
				answers, news = nil, run.news
				run.notify()
			}
		case <-news:
			if !e.sendWaiting(run.live) {
				return
			}
		}
		quiet.Reset(keepAlive)
	}
}

const complete = "event: complete\ndata:\n\n"

// appendNext appends an answer as an event.
func appendNext(to, answer []byte) []byte {
	to = append(to, "event: next\ndata: "...)
	to = append(to, answer...)
	return append(to, "\n\n"...)
}

// writeSize is how many bytes to collect before a write.
const writeSize = 8 << 10

// sendWaiting writes the waiting answers, and reports whether there may be more
// later.
func (e *events) sendWaiting(live *request.Live) bool {
	var waiting []byte
	for e.ctx.Err() == nil {
		text, last := live.Take()
		if text != nil {
			waiting = appendNext(waiting, text)
		}
		if last != nil {
			waiting = append(appendNext(waiting, encode(e.ctx, last)), complete...)
		}
		if text != nil && len(waiting) < writeSize {
			continue
		}
		if len(waiting) > 0 && !e.write(waiting) || last != nil {
			return false
		}
		if text == nil {
			return true
		}
		waiting = waiting[:0]
	}
	return false
}

// write sends events and reports whether it could.
func (e *events) write(text []byte) bool {
	if err := e.control.SetWriteDeadline(time.Now().Add(eventWriteTime)); err != nil {
		return false
	}
	if _, err := e.w.Write(text); err != nil {
		return false
	}
	return e.control.Flush() == nil
}
