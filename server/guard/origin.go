package guard

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// foreign reports whether a page that is not this gateway's sent a request that
// could change something: any method but the safe ones, and a websocket, which
// begins as a GET.
func (g *Guard) foreign(r *http.Request, socket bool) bool {
	origin := r.Header.Get("Origin")
	if g.allows(origin) {
		return false
	}
	switch {
	case !socket && (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions):
		return false
	case origin != "" && !sameOrigin(r, origin):
		return true
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}

// sameOrigin reports whether an origin is that of the server of a request.
func sameOrigin(r *http.Request, origin string) bool {
	page, err := url.Parse(origin)
	return err == nil && page.Host != "" && strings.EqualFold(page.Host, r.Host) &&
		(page.Scheme == "http" || page.Scheme == "https") && fitsScheme(r, page.Scheme)
}

// fitsScheme reports whether a scheme can be that of the server. A proxy may speak
// TLS for a gateway that does not know it, unless it says what it speaks or the
// host is this machine, which no such proxy stands for.
func fitsScheme(r *http.Request, scheme string) bool {
	forwarded := r.Header.Get("X-Forwarded-Proto")
	switch {
	case r.TLS != nil:
		return scheme == "https"
	case forwarded != "":
		return strings.EqualFold(scheme, forwarded)
	case thisMachine(hostName(r.Host)):
		return scheme == "http"
	}
	return true
}

// allows reports whether pages of an origin may use the API.
func (g *Guard) allows(origin string) bool {
	return origin != "" && slices.ContainsFunc(g.config.Origins, func(one string) bool {
		return strings.EqualFold(one, origin)
	})
}

// What a page of an allowed origin may send and read. A browser asks again after
// maxAge, in seconds.
const (
	corsMethods = "GET, POST"
	corsHeaders = "Authorization, Content-Type, Accept, Apollo-Require-Preflight, X-Apollo-Operation-Name, " +
		"GraphQL-Require-Preflight, X-Requested-With, X-Request-Id, Traceparent"
	corsExposed = "Retry-After, WWW-Authenticate, X-Request-Id"
	corsMaxAge  = "7200"
)

// allowOrigin lets pages of the allowed origins read answers, and answers the question
// that a browser asks before it sends a request. It reports whether it has.
func (g *Guard) allowOrigin(w http.ResponseWriter, r *http.Request) (answered bool) {
	if len(g.config.Origins) == 0 {
		return false
	}
	header := w.Header()
	header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !g.allows(origin) {
		return false
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", corsExposed)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	header.Set("Access-Control-Allow-Methods", corsMethods)
	header.Set("Access-Control-Allow-Headers", corsHeaders)
	header.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// thisMachine reports whether a host's name is one of this machine.
func thisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
