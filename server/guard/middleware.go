package guard

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/server/overhttp"
)

// Handler is the door of a gateway: every HTTP request passes it first. Paths
// of health checks are not counted against the rates.
func (g *Guard) Handler(inner http.Handler, uncounted ...string) http.Handler {
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.secure(w.Header(), r)
		if !g.knows(r.Host) {
			deny(w, r, http.StatusMisdirectedRequest, refuse(CodeHost, "The Host header names another server than this one; an operator can add a name with --host."))
			return
		}
		v := &visit{address: neighbours(r.RemoteAddr)}
		if !slices.Contains(uncounted, r.URL.Path) {
			if wait := g.addresses.take(v.address, requestCost); wait > 0 {
				v.wait = wait
				deny(&verdict{ResponseWriter: w, visit: v}, r, http.StatusTooManyRequests, tooFast(wait))
				return
			}
		}
		if err := foreign.Check(r); err != nil {
			deny(w, r, http.StatusForbidden, refuse(CodeCrossOrigin, "A page of another site may not send this; use a client program, or a page of this server."))
			return
		}
		v.socket = r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		if v.socket {
			inner.ServeHTTP(w, r)
			return
		}
		if status, refused := g.takeBody(w, r); refused != nil {
			deny(w, r, status, refused)
			return
		}
		g.boundAnswer(w, r)
		inner.ServeHTTP(&verdict{ResponseWriter: w, visit: v}, r)
	})
}

// knows reports whether a Host header is one of this server's. A page that had
// its own name resolve to this machine has that name in it, and not ours.
func (g *Guard) knows(header string) bool {
	if !g.config.Loopback && len(g.config.Hosts) == 0 {
		return true
	}
	host := header
	if name, _, err := net.SplitHostPort(header); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if slices.ContainsFunc(g.config.Hosts, func(own string) bool { return strings.EqualFold(own, host) }) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// boundAnswer bounds the time that a client takes to read its answer. A stream
// of events has no end.
func (g *Guard) boundAnswer(w http.ResponseWriter, r *http.Request) {
	var deadline time.Time
	if !strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		deadline = time.Now().Add(max(g.limits.QueryTime, g.limits.MutationTime) + g.limits.WriteTime)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(deadline) // not every writer is a connection
}

// deny answers with one error.
func deny(w http.ResponseWriter, r *http.Request, status int, refused *gqlerror.Error) {
	if status == http.StatusRequestTimeout || status == http.StatusRequestEntityTooLarge {
		w.Header().Set("Connection", "close") // what is still to come is not read
	}
	overhttp.Refuse(w, r, status, refused)
}

// visit is what the door knows of a request, for the operations in it.
type visit struct {
	address string
	socket  bool
	wait    time.Duration // set when an operation came too fast
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

// visited reports whether the door counted this one operation.
func visited(ctx context.Context) bool {
	v := visitOf(ctx)
	return v != nil && !v.socket
}

// tellDoor has the answer say 429. Operations of a websocket have no status.
func tellDoor(ctx context.Context, wait time.Duration) {
	if v := visitOf(ctx); v != nil && !v.socket {
		v.wait = wait
	}
}

// verdict gives an answer the status that its operation came to.
type verdict struct {
	http.ResponseWriter
	*visit
	begun bool
}

func (v *verdict) WriteHeader(status int) {
	if v.wait > 0 && !v.begun {
		status = http.StatusTooManyRequests
		v.Header().Set("Retry-After", strconv.Itoa(retrySeconds(v.wait)))
	}
	v.begun = true
	v.ResponseWriter.WriteHeader(status)
}

func (v *verdict) Write(b []byte) (int, error) {
	if !v.begun {
		v.WriteHeader(http.StatusOK)
	}
	return v.ResponseWriter.Write(b)
}

// Flush is for streams of events.
func (v *verdict) Flush() {
	if !v.begun {
		v.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(v.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (v *verdict) Unwrap() http.ResponseWriter { return v.ResponseWriter }
