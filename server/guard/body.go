package guard

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
	"corebank/server/overhttp"
)

// Bounds of what is allocated for a body before it has arrived, in bytes.
const (
	initialBytes          = 4 << 10
	initialBytesAnnounced = 64 << 10
)

// Body reads each request's whole body, within limits of size, time and memory,
// before the request is processed. It runs after the caller is known, so that a
// token that is not accepted costs nothing of it.
func (g *Guard) Body(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := visitOf(r.Context()); v != nil && v.socket || r.Body == nil || r.Body == http.NoBody {
			inner.ServeHTTP(w, r)
			return
		}
		body := &wholeBody{budget: g.bodies, caller: g.payer(r.Context())}
		defer body.Close()
		if status, refused := g.readBody(w, r, body); refused != nil {
			body.Close() // before the answer, which may take its time
			g.deny(w, r, status, refused)
			return
		}
		body.Reader = bytes.NewReader(body.text)
		r.Body, r.ContentLength = body, int64(len(body.text))
		inner.ServeHTTP(w, r)
	})
}

// wholeBody is a body that was read. Its bytes count until it is closed.
type wholeBody struct {
	*bytes.Reader
	text   []byte
	budget *budget
	caller string
	taken  int
	closed sync.Once
}

// Whole is the whole body, without a copy.
func (b *wholeBody) Whole() []byte { return b.text }

// Close gives the bytes back.
func (b *wholeBody) Close() error {
	b.closed.Do(func() { b.budget.release(b.caller, b.taken) })
	return nil
}

// grow makes room for so many bytes in all, if the budget allows it.
func (b *wholeBody) grow(size int) bool {
	if !b.budget.take(b.caller, size-b.taken) {
		return false
	}
	b.taken = size
	b.text = append(make([]byte, 0, size), b.text...)
	return true
}

var _ overhttp.WholeBody = (*wholeBody)(nil)

// readBody reads a body, or says why not.
func (g *Guard) readBody(w http.ResponseWriter, r *http.Request, body *wholeBody) (int, *gqlerror.Error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		w.Header().Set("Accept-Encoding", "identity")
		return http.StatusUnsupportedMediaType,
			refuse(overhttp.CodeMediaType, "Send the request without a Content-Encoding.")
	}
	maxBytes, anonymous := g.limits.Body, g.config.Caller(r.Context()) == "" && g.config.SignsIn
	if anonymous {
		maxBytes = g.limits.AnonymousBody
	}
	if r.ContentLength > int64(maxBytes) {
		return g.tooLarge(w, anonymous, int(min(r.ContentLength, saturated)), "bytes of body")
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(g.limits.BodyTime)) // not every writer is a connection
	refused := body.read(io.LimitReader(r.Body, int64(maxBytes)+1), r.ContentLength, maxBytes)
	switch {
	case errors.Is(refused, errNoRoom):
		w.Header().Set("Retry-After", "1")
		busy := refuse(graph.CodeUnavailable, "Too many large requests at once; nothing happened, send this one again.")
		busy.Extensions["retryable"] = true
		return http.StatusServiceUnavailable, busy
	case errors.Is(refused, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, refuse(CodeSlowBody,
			"The body of the request did not arrive in "+g.limits.BodyTime.String()+"; send it at once.")
	case refused != nil:
		return http.StatusBadRequest, refuse(CodeBadRequest, "The body of the request broke off.")
	case len(body.text) > maxBytes:
		return g.tooLarge(w, anonymous, len(body.text), "or more bytes of body")
	}
	// The rest of the request may take longer than the body.
	_ = connection.SetReadDeadline(time.Time{})
	if !utf8.Valid(body.text) {
		return http.StatusBadRequest, refuse(CodeBadRequest, "The body of the request is not UTF-8.")
	}
	return 0, nil
}

// tooLarge refuses a body by its size. Without a token only the schema can be
// read, which takes little.
func (g *Guard) tooLarge(w http.ResponseWriter, anonymous bool, size int, unit string) (int, *gqlerror.Error) {
	if anonymous {
		w.Header().Set("WWW-Authenticate", overhttp.Challenge)
		return http.StatusUnauthorized, refuse(graph.CodeUnauthenticated,
			"Sign in first: send a token in the header Authorization, as Bearer and the token. "+
				"The body was not read: without a token, only the schema can be read.")
	}
	return http.StatusRequestEntityTooLarge, exceeds("bodyBytes", g.limits.Body, size, unit, "Send less at once.")
}

// errNoRoom says that the budget has no bytes for more of a body.
var errNoRoom = errors.New("no room for a body")

// read reads all of a body, which may say how long it is. It takes memory as the
// bytes arrive, not as they are announced.
func (b *wholeBody) read(from io.Reader, announced int64, maxBytes int) error {
	size, whole := initialBytes, maxBytes+2
	if announced > 0 {
		whole = int(announced) + 1 // with room to see the end
		size = min(whole, initialBytesAnnounced)
	}
	if !b.grow(size) {
		return errNoRoom
	}
	for {
		if len(b.text) == cap(b.text) && !b.grow(min(2*cap(b.text), whole)) {
			return errNoRoom
		}
		n, err := from.Read(b.text[len(b.text):cap(b.text)])
		b.text = b.text[:len(b.text)+n]
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}
