package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// takeBody reads a request's body whole before anybody works on it, within its
// size and its time, and hands on what was read.
func (g *Guard) takeBody(w http.ResponseWriter, r *http.Request) (status int, refused *gqlerror.Error) {
	if r.Body == nil || r.Body == http.NoBody {
		g.namedByGet(r)
		return 0, nil
	}
	most := g.limits.Body
	if r.ContentLength > int64(most) {
		return http.StatusRequestEntityTooLarge, exceeds("bodyBytes", most, int(min(r.ContentLength, saturated)), "bytes of body", "Send less at once.")
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(g.limits.BodyTime)) // not every writer is a connection
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(most)+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, refuse(CodeSlowBody, "The body of the request did not arrive in "+g.limits.BodyTime.String()+"; send it at once.")
	case err != nil:
		return http.StatusBadRequest, refuse(CodeBadRequest, "The body of the request broke off.")
	case len(body) > most:
		return http.StatusRequestEntityTooLarge, exceeds("bodyBytes", most, len(body), "or more bytes of body", "Send less at once.")
	}
	// What follows may take longer than the body did.
	_ = connection.SetReadDeadline(time.Time{})
	if !utf8.Valid(body) {
		return http.StatusBadRequest, refuse(CodeBadRequest, "The body of the request is not UTF-8.")
	}
	if body, refused = g.named(r, body); refused != nil {
		return http.StatusBadRequest, refused
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return 0, nil
}

// named understands documentId, the name of a trusted document: it becomes the
// hash that GraphQL's executor knows. Bodies are looked into only where there
// are trusted documents.
func (g *Guard) named(r *http.Request, body []byte) ([]byte, *gqlerror.Error) {
	if g.config.Trusted == nil || r.Method != http.MethodPost || !bytes.Contains(body, []byte(`"documentId"`)) {
		return body, nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields["documentId"] == nil {
		return body, nil // the transport says what is wrong
	}
	var id string
	if err := json.Unmarshal(fields["documentId"], &id); err != nil || fields["query"] != nil {
		return nil, refuse(CodeBadRequest, "documentId must be the SHA-256 of a registered document, as a string, and query must be left out.")
	}
	var extensions map[string]json.RawMessage
	if fields["extensions"] != nil && json.Unmarshal(fields["extensions"], &extensions) != nil {
		return body, nil
	}
	if extensions == nil {
		extensions = make(map[string]json.RawMessage)
	}
	extensions["persistedQuery"] = mustJSON(map[string]any{"version": 1, "sha256Hash": plainHash(id)})
	delete(fields, "documentId")
	fields["extensions"] = mustJSON(extensions)
	return mustJSON(fields), nil
}

// namedByGet is named for the parameters of a GET.
func (g *Guard) namedByGet(r *http.Request) {
	if g.config.Trusted == nil || r.Method != http.MethodGet {
		return
	}
	parameters := r.URL.Query()
	id := parameters.Get("documentId")
	if id == "" || parameters.Has("query") || parameters.Has("extensions") {
		return
	}
	parameters.Del("documentId")
	parameters.Set("extensions", string(mustJSON(map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": plainHash(id)}})))
	r.URL.RawQuery = parameters.Encode()
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("guard: " + err.Error()) // texts and JSON always marshal
	}
	return data
}
