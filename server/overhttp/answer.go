package overhttp

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/server/request"
)

// The codes of refusals at the level of HTTP, in extensions.code.
const (
	// CodeBadRequest: the request is not GraphQL over HTTP. Correct it.
	CodeBadRequest = "BAD_REQUEST"
	// CodeMethod: the method is not allowed. See the header Allow.
	CodeMethod = "METHOD_NOT_ALLOWED"
	// CodeMediaType: the media type or charset of the body is not supported.
	CodeMediaType = "UNSUPPORTED_MEDIA_TYPE"
	// CodeNotAcceptable: none of the media types in Accept is supported.
	CodeNotAcceptable = "NOT_ACCEPTABLE"
	// CodeTooMany: too many streams are open, of the caller or of all callers.
	CodeTooMany = "TOO_MANY_CONNECTIONS"
)

// Codes are all of them.
func Codes() []string {
	return []string{CodeBadRequest, CodeMethod, CodeMediaType, CodeNotAcceptable, CodeTooMany}
}

// Challenge is the header WWW-Authenticate of an answer to an anonymous request.
const Challenge = `Bearer realm="corebank"`

// statusPartial is the newest draft's status for an answer with data and errors.
const statusPartial = 294

// body is the JSON of an answer: without data if nothing was executed.
type body struct {
	Errors     gqlerror.List   `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any  `json:"extensions,omitempty"`
}

// encode writes a response as JSON. Its data is JSON already: if the response
// has nothing else, the data need not be parsed again.
func encode(ctx context.Context, response *graphql.Response) []byte {
	if response.Data != nil && len(response.Errors) == 0 && len(response.Extensions) == 0 {
		text := append(make([]byte, 0, len(response.Data)+len(`{"data":}`)), `{"data":`...)
		return append(append(text, response.Data...), '}')
	}
	text, err := json.Marshal(body{response.Errors, response.Data, response.Extensions})
	if err != nil { // only an extension of a resolver can cause that
		slog.ErrorContext(ctx, "a response cannot be encoded", "error", err)
		return encode(ctx, &graphql.Response{Errors: request.Unwritable(ctx)})
	}
	return text
}

// MarkFault marks an answer as one of HTTP rather than of GraphQL, whatever the
// client accepts: a GraphQL answer is a result to clients such as Apollo, whatever
// its status, and they do not try a result again.
func MarkFault(header http.Header) { header.Set("Content-Type", mediaJSON+"; charset=utf-8") }

// send writes one answer.
func send(w http.ResponseWriter, r *http.Request, media string, status int, response *graphql.Response) {
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	if status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
		MarkFault(w.Header())
	}
	if len(response.Errors) > 0 {
		named := *response
		named.Errors = request.Name(r.Context(), response.Errors)
		response = &named
	}
	text := compressed(w, r, encode(r.Context(), response))
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		slog.DebugContext(r.Context(), "a client left before its answer", "error", err)
	}
}

// refusal is the answer to a request that is not executed.
func refusal(code, message string) *graphql.Response {
	extensions := map[string]any{"code": code, "retryable": code == CodeTooMany}
	return &graphql.Response{Errors: gqlerror.List{{Message: message, Extensions: extensions}}}
}

// status is the one place that maps answers to status codes. The audits expect
// 200 or 400 depending on the media type; the newest draft expects 400, 422 or
// 294, whatever the media type.
func (t Transport) status(media string, response *graphql.Response) int {
	executed := response.Data != nil
	switch {
	case executed && t.Draft && len(response.Errors) > 0:
		return statusPartial
	case executed:
		return http.StatusOK
	case t.Draft && has(response.Errors, errcode.ParseFailed):
		return http.StatusBadRequest
	case t.Draft:
		return http.StatusUnprocessableEntity
	case media == mediaGraphQL:
		return http.StatusBadRequest
	}
	return http.StatusOK // for application/json, every well-formed answer is a 200
}

func has(errs gqlerror.List, code string) bool {
	for _, e := range errs {
		if e.Extensions["code"] == code {
			return true
		}
	}
	return false
}
