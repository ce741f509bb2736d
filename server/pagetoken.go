package server

import (
	"log/slog"
	"net"
	"net/http"
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
)

// The token of the pages that the gateway serves itself, if the token issuer is
// on this machine.
const (
	pageSubject  = "teller"
	pageLifetime = time.Hour
)

// pageToken returns a teller's token for a page that is requested from this
// machine under a name of this machine, and "" otherwise. Without the check of
// the name, a page of another host whose name resolves to this machine could
// obtain a token.
func pageToken(local *issuer.Issuer) func(*http.Request) string {
	return func(r *http.Request) string {
		if local == nil || !loopback(r.RemoteAddr) || !loopback(r.Host) {
			return ""
		}
		token, err := local.Token(pageSubject, identity.Teller, time.Now(), pageLifetime)
		if err != nil {
			slog.Error("cannot make a token for a page", "error", err)
			return ""
		}
		return token
	}
}

// loopback reports whether an address, with or without a port, is a loopback
// address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
