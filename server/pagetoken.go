package server

import (
	"log/slog"
	"net"
	"net/http"
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
)

// The token of the pages that the gateway serves itself, where there is an
// issuer on this machine.
const (
	pageSubject  = "teller"
	pageLifetime = time.Hour
)

// pageToken makes a teller's token for a page that this machine asks for, under
// a name of this machine: "" for all others. The name keeps out pages of
// somebody else's host that lead here.
func pageToken(local *issuer.Issuer) func(*http.Request) string {
	return func(r *http.Request) string {
		if local == nil || !loopback(r.RemoteAddr) || !loopback(r.Host) {
			return ""
		}
		token, err := local.Token(pageSubject, identity.Teller, time.Now(), pageLifetime)
		if err != nil {
			slog.Error("no token for a page", "error", err)
			return ""
		}
		return token
	}
}

// loopback reports whether an address, with or without a port, is this
// machine's own.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
