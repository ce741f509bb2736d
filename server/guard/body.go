package guard

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// readBody reads a request's whole body, within limits of size and time, before
// the request is processed, and puts what it read in its place.
func (g *Guard) readBody(w http.ResponseWriter, r *http.Request) (status int, refused *gqlerror.Error) {
	if r.Body == nil || r.Body == http.NoBody {
		return 0, nil
	}
	maxBytes := g.limits.Body
	if r.ContentLength > int64(maxBytes) {
		size := int(min(r.ContentLength, saturated))
		return http.StatusRequestEntityTooLarge, exceeds("bodyBytes", maxBytes, size, "bytes of body", "Send less at once.")
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(g.limits.BodyTime)) // not every writer is a connection
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(maxBytes)+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, refuse(CodeSlowBody,
			"The body of the request did not arrive in "+g.limits.BodyTime.String()+"; send it at once.")
	case err != nil:
		return http.StatusBadRequest, refuse(CodeBadRequest, "The body of the request broke off.")
	case len(body) > maxBytes:
		return http.StatusRequestEntityTooLarge,
			exceeds("bodyBytes", maxBytes, len(body), "or more bytes of body", "Send less at once.")
	}
	// The rest of the request may take longer than the body.
	_ = connection.SetReadDeadline(time.Time{})
	if !utf8.Valid(body) {
		return http.StatusBadRequest, refuse(CodeBadRequest, "The body of the request is not UTF-8.")
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return 0, nil
}
