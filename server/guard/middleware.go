package guard

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/server/overhttp"
)

// Handler is the outermost middleware of a gateway. Requests for the uncounted
// paths, those of health checks, do not count against the rates.
func (g *Guard) Handler(inner http.Handler, uncounted ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.secure(w.Header(), r)
		if !g.knows(r.Host) {
			g.deny(w, r, http.StatusMisdirectedRequest, refuse(CodeHost,
				"The Host header does not name this server; an operator can add a name with --host."))
			return
		}
		v := &visit{address: network(r.RemoteAddr)}
		if !slices.Contains(uncounted, r.URL.Path) {
			if wait := g.addresses.take(v.address, requestCost); wait > 0 {
				v.wait = scattered(wait)
				g.deny(&limitedResponse{ResponseWriter: w, visit: v}, r, http.StatusTooManyRequests, tooFast(v.wait))
				return
			}
		}
		v.socket = r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
		if g.allowOrigin(w, r) {
			return
		}
		if status, refused := g.checkHeaders(r, v.socket); refused != nil {
			g.deny(w, r, status, refused)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		if v.socket {
			inner.ServeHTTP(w, r)
			return
		}
		g.boundAnswer(w, r)
		inner.ServeHTTP(&limitedResponse{ResponseWriter: w, visit: v}, r)
	})
}

// checkHeaders refuses what a page of another site sends, and a request that says
// twice who sends it.
func (g *Guard) checkHeaders(r *http.Request, socket bool) (int, *gqlerror.Error) {
	if g.foreign(r, socket) {
		return http.StatusForbidden, refuse(CodeCrossOrigin, "A page of another origin may not send this; use a client "+
			"program, or a page of this server. An operator can allow an origin with --origin.")
	}
	if len(r.Header.Values("Authorization")) > 1 {
		return http.StatusBadRequest, refuse(CodeBadRequest, fmt.Sprintf(
			"The request has %d headers Authorization; send one of them.", len(r.Header.Values("Authorization"))))
	}
	return 0, nil
}

// knows reports whether a Host header names this server. A page whose own name
// was made to resolve to this machine sends that other name (DNS rebinding).
func (g *Guard) knows(header string) bool {
	if !g.config.Loopback && len(g.config.Hosts) == 0 {
		return true
	}
	host := hostName(header)
	return thisMachine(host) ||
		slices.ContainsFunc(g.config.Hosts, func(own string) bool { return strings.EqualFold(own, host) })
}

// hostName is the name in a Host header.
func hostName(header string) string {
	host := header
	if name, _, err := net.SplitHostPort(header); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// boundAnswer bounds the time that a client may take to read its answer. A
// stream of events has no such bound.
func (g *Guard) boundAnswer(w http.ResponseWriter, r *http.Request) {
	var deadline time.Time
	if !strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		deadline = time.Now().Add(max(g.limits.QueryTime, g.limits.MutationTime) + g.limits.WriteTime)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(deadline) // not every writer is a connection
}

// deny answers with one error.
func (g *Guard) deny(w http.ResponseWriter, r *http.Request, status int, refused *gqlerror.Error) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // the rest of the body is not read
	}
	code, _ := refused.Extensions["code"].(string)
	g.config.Refused(code)
	overhttp.Refuse(w, r, status, refused)
}

// visit is what the middleware knows about a request, for its operations.
type visit struct {
	address string
	socket  bool
	wait    time.Duration // set when an operation exceeded a rate
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

func addressOf(ctx context.Context) string {
	if v := visitOf(ctx); v != nil {
		return v.address
	}
	return ""
}

// visited reports whether the middleware counted this operation.
func visited(ctx context.Context) bool {
	v := visitOf(ctx)
	return v != nil && !v.socket
}

// setStatus makes the response's status 429. Operations of a websocket have no
// status.
func setStatus(ctx context.Context, wait time.Duration) {
	if v := visitOf(ctx); v != nil && !v.socket {
		v.wait = wait
	}
}

// limitedResponse has the status 429 if its operation exceeded a rate.
type limitedResponse struct {
	http.ResponseWriter
	*visit
	started bool
}

func (l *limitedResponse) WriteHeader(status int) {
	if l.wait > 0 && !l.started {
		status = http.StatusTooManyRequests
		overhttp.MarkFault(l.Header())
		l.Header().Set("Retry-After", strconv.Itoa(retrySeconds(l.wait)))
	}
	l.started = true
	l.ResponseWriter.WriteHeader(status)
}

func (l *limitedResponse) Write(b []byte) (int, error) {
	if !l.started {
		l.WriteHeader(http.StatusOK)
	}
	return l.ResponseWriter.Write(b)
}

// Flush is for streams of events.
func (l *limitedResponse) Flush() {
	if !l.started {
		l.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(l.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (l *limitedResponse) Unwrap() http.ResponseWriter { return l.ResponseWriter }
