package overhttp

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes of refusals that are about HTTP, in extensions.code.
const (
	// CodeBadRequest: it is not a request of GraphQL over HTTP. Correct it.
	CodeBadRequest = "BAD_REQUEST"
	// CodeMethod: the method is not for this. See the header Allow.
	CodeMethod = "METHOD_NOT_ALLOWED"
	// CodeMediaType: the body is in a media type or charset that is not taken.
	CodeMediaType = "UNSUPPORTED_MEDIA_TYPE"
	// CodeNotAcceptable: none of the media types in Accept can be written.
	CodeNotAcceptable = "NOT_ACCEPTABLE"
	// CodeTooMany: the caller, or all together, have too many streams open.
	CodeTooMany = "TOO_MANY_CONNECTIONS"
)

// statusPartial is the newest draft's for data beside errors.
const statusPartial = 294

// body is an answer as it is written: without data where nothing was executed.
type body struct {
	Errors     gqlerror.List   `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any  `json:"extensions,omitempty"`
}

// encode writes a response as JSON. Data is JSON already: where there is nothing
// beside it, nobody has to read it again.
func encode(response *graphql.Response) []byte {
	if response.Data != nil && len(response.Errors) == 0 && len(response.Extensions) == 0 {
		text := append(make([]byte, 0, len(response.Data)+len(`{"data":}`)), `{"data":`...)
		return append(append(text, response.Data...), '}')
	}
	text, err := json.Marshal(body{response.Errors, response.Data, response.Extensions})
	if err != nil { // only a resolver's extension can do that
		slog.Error("a response cannot be written", "error", err)
		return []byte(`{"errors":[{"message":"The answer cannot be written."}]}`)
	}
	return text
}

// send writes one answer.
func send(w http.ResponseWriter, media string, status int, response *graphql.Response) {
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(encode(response)); err != nil {
		slog.Debug("a client left before its answer", "error", err)
	}
}

// refusal is an answer to what was not executed.
func refusal(code, message string) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{{Message: message, Extensions: map[string]any{"code": code, "retryable": code == CodeTooMany}}}}
}

// status is the one place that maps answers to status codes. The audits ask
// for 200 or 400 by media type; the newest draft asks for 400, 422 and 294,
// whatever the media type.
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
	return http.StatusOK // under application/json an answer is one, whatever it says
}

func has(errs gqlerror.List, code string) bool {
	for _, e := range errs {
		if e.Extensions["code"] == code {
			return true
		}
	}
	return false
}
