package overhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/server/connlimit"
	"corebank/server/request"
)

// Transport is GraphQL over HTTP for everything but websockets. The body must be
// bounded before.
type Transport struct {
	// Draft selects the status codes of the newest draft of GraphQL over HTTP (400,
	// 422, 294) instead of those that the published audits expect.
	Draft bool
	// KeepAlive is the maximum time between two writes to a stream of events.
	KeepAlive time.Duration
	// Ending is cancelled when the gateway stops; it ends all streams, without the
	// event "complete", so that clients reconnect. nil for never.
	Ending context.Context
	// Refused, unless it is nil, counts a request that is not executed, by the code of its refusal.
	Refused func(code string)
	// Connections bounds the streams, and Caller names the caller of each.
	Connections *connlimit.Limiter
	Caller      func(context.Context) string
}

var _ graphql.Transport = Transport{}

// allowed are the supported methods.
const allowed = "GET, POST, OPTIONS"

// Supports implements graphql.Transport.
func (Transport) Supports(r *http.Request) bool { return !websocket.IsWebSocketUpgrade(r) }

// Do implements graphql.Transport.
func (t Transport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	w.Header().Add("Vary", "Accept")
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	media := negotiate(r.Header.Values("Accept"))
	refusalMedia := refusalMediaType(media)
	if media == "" {
		t.refuse(w, r, refusalMedia, refused{http.StatusNotAcceptable, CodeNotAcceptable,
			fmt.Sprintf("Accept one of %s, %s and, for streams, %s.", mediaGraphQL, mediaJSON, mediaEvents)})
		return
	}
	params, no := read(r)
	if no != nil {
		if no.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", allowed)
		}
		t.refuse(w, r, refusalMedia, *no)
		return
	}
	params.Headers = r.Header
	if media == mediaEvents {
		t.stream(w, r, exec, params)
		return
	}
	t.answer(w, r, exec, params, media)
}

// refusalMediaType is the media type of refusals, which are never a stream.
func refusalMediaType(media string) string {
	if media == "" || media == mediaEvents {
		return mediaJSON
	}
	return media
}

// Refuse answers a request that is refused before it reaches the transport, in
// the form that the transport would have chosen.
func Refuse(w http.ResponseWriter, r *http.Request, status int, reason *gqlerror.Error) {
	w.Header().Add("Vary", "Accept")
	media := refusalMediaType(negotiate(r.Header.Values("Accept")))
	send(w, r, media, status, &graphql.Response{Errors: gqlerror.List{reason}})
}

// refused is why a request is not executed.
type refused struct {
	status        int
	code, message string
}

// refuse answers a request that is not executed.
func (t Transport) refuse(w http.ResponseWriter, r *http.Request, media string, no refused) {
	t.count(no.code)
	send(w, r, media, no.status, refusal(no.code, no.message))
}

func (t Transport) count(code string) {
	if t.Refused != nil {
		t.Refused(code)
	}
}

// read reads the request's parameters from the URL or the body, depending on the
// method.
func read(r *http.Request) (*graphql.RawParams, *refused) {
	start := graphql.Now()
	var params *graphql.RawParams
	var err error
	switch r.Method {
	case http.MethodGet:
		params, err = request.FromURL(r.URL.RawQuery)
	case http.MethodPost:
		if media := checkMedia(r.Header); media != nil {
			return nil, media
		}
		var text []byte
		if text, err = textOf(r.Body); err == nil {
			params, err = request.FromJSON(text)
		}
	default:
		return nil, &refused{http.StatusMethodNotAllowed, CodeMethod, "Send a GET or a POST."}
	}
	var malformed *request.Malformed
	switch {
	case errors.As(err, &malformed):
		return nil, &refused{http.StatusBadRequest, CodeBadRequest, malformed.Error()}
	case err != nil:
		return nil, &refused{http.StatusBadRequest, CodeBadRequest, "The request body ended too early or came too slowly."}
	}
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

// WholeBody is a body that is in memory already. Close says that it is not needed
// any more.
type WholeBody interface {
	io.ReadCloser
	Whole() []byte
}

func textOf(body io.Reader) ([]byte, error) {
	if whole, is := body.(WholeBody); is {
		return whole.Whole(), nil
	}
	return io.ReadAll(body)
}

// checkMedia accepts only JSON in UTF-8 without a content encoding.
func checkMedia(header http.Header) *refused {
	media, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || media != mediaJSON {
		return &refused{http.StatusUnsupportedMediaType, CodeMediaType,
			"Send the request with Content-Type: application/json."}
	}
	if !isUTF8(parameters["charset"]) {
		return &refused{http.StatusUnsupportedMediaType, CodeMediaType, "Send the request in UTF-8."}
	}
	if coding := header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &refused{http.StatusUnsupportedMediaType, CodeMediaType, "Send the request without a Content-Encoding."}
	}
	return nil
}

// answer executes a request that has one answer.
func (t Transport) answer(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor,
	params *graphql.RawParams, media string) {
	ctx := r.Context()
	operation, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		response := exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs)
		send(w, r, media, t.status(media, response), response)
		return
	}
	if no := unfit(operation, r.Method); no != nil {
		if no.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "POST")
		}
		t.refuse(w, r, media, *no)
		return
	}
	next, ctx := exec.DispatchOperation(ctx, operation)
	response := next(ctx)
	if response == nil { // the client left
		return
	}
	if response.Data == nil {
		response = request.Refused(ctx, exec, response)
	}
	send(w, r, media, t.status(media, response), response)
}

// unfit returns why an operation cannot have exactly one answer.
func unfit(operation *graphql.OperationContext, method string) *refused {
	switch {
	case operation.Operation.Operation == ast.Mutation && method != http.MethodPost:
		return &refused{http.StatusMethodNotAllowed, CodeMethod, "Send mutations by POST."}
	case operation.Operation.Operation == ast.Subscription:
		return &refused{http.StatusBadRequest, CodeBadRequest, "A subscription has more than one answer: " +
			"subscribe by websocket (graphql-transport-ws), or accept text/event-stream."}
	case defers(operation):
		return &refused{http.StatusBadRequest, CodeBadRequest,
			"@defer is not supported: leave it out to get everything in one answer."}
	}
	return nil
}
