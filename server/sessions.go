package server

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"

	"corebank/internal/identity/oidc"
	"corebank/internal/identity/session"
)

const (
	sessionPath = "/session"
	// maxSessionBody bounds a request for a session, in bytes.
	maxSessionBody = 1 << 10
)

// sessions signs browsers in with the links that the bank on this machine
// printed: see package session. POST with a code begins a session, POST with the
// key of one returns its token, and DELETE ends it.
func sessions(store session.Store, verify Verify) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost && r.Method != http.MethodDelete {
			w.Header().Set("Allow", "POST, DELETE")
			answerSession(w, http.StatusMethodNotAllowed, "", "", "Send a POST or a DELETE.")
			return
		}
		if why := notOwnPage(r); why != "" {
			answerSession(w, http.StatusForbidden, "", "", why)
			return
		}
		var sent struct{ Code, Session string }
		if err := json.NewDecoder(io.LimitReader(r.Body, maxSessionBody)).Decode(&sent); err != nil {
			answerSession(w, http.StatusBadRequest, "", "", `Send {"code": …} or {"session": …}.`)
			return
		}
		key, token := sent.Session, ""
		var err error
		switch {
		case r.Method == http.MethodDelete:
			err = store.End(key)
		case sent.Code != "":
			key, token, err = beginSession(r, store, verify, sent.Code)
		default:
			token, err = tokenOf(r, store, verify, key)
		}
		switch {
		case errors.Is(err, session.ErrUnknown):
			answerSession(w, http.StatusForbidden, "", "", "This sign-in link was used before, has expired, or is of an "+
				"earlier start of the bank. For a new one: corebank token --link")
		case err != nil:
			slog.ErrorContext(r.Context(), "a session failed", "error", err)
			answerSession(w, http.StatusServiceUnavailable, "", "", "Sessions cannot be read now; try again.")
		default:
			answerSession(w, http.StatusOK, key, token, "")
		}
	})
}

func beginSession(r *http.Request, store session.Store, verify Verify, code string) (key, token string, err error) {
	if key, err = store.Redeem(code); err != nil {
		return "", "", err
	}
	token, err = tokenOf(r, store, verify, key)
	return key, token, err
}

// tokenOf is the token of a session. One whose token is not accepted any more
// ends.
func tokenOf(r *http.Request, store session.Store, verify Verify, key string) (string, error) {
	token, err := store.Token(key)
	if err != nil || verify == nil {
		return token, err
	}
	if _, err = verify(r.Context(), token); errors.Is(err, oidc.ErrRefused) {
		return "", errors.Join(session.ErrUnknown, store.End(key))
	}
	return token, err
}

func answerSession(w http.ResponseWriter, status int, key, token, problem string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer := map[string]string{}
	for name, value := range map[string]string{"session": key, "token": token, "error": problem} {
		if value != "" {
			answer[name] = value
		}
	}
	_ = json.NewEncoder(w).Encode(answer) // a client that left is not a fault
}

// forwarding are the headers by which proxies say that they pass a request on.
var forwarding = []string{"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "Client-Ip", "True-Client-Ip",
	"Cf-Connecting-Ip", "Fastly-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Host", "X-Original-Url", "X-Rewrite-Url"}

// notOwnPage is why a request for a session is refused: it does not come from a
// page of this gateway in a browser on this machine. A proxy in front may hide
// that it is one, but it passes on the origin of the page, which is its own.
func notOwnPage(r *http.Request) string {
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") {
			return "Sign-in links work without a proxy only. Paste a token: corebank token --role teller"
		}
	}
	for _, name := range forwarding {
		if r.Header.Get(name) != "" {
			return "Sign-in links work without a proxy only. Paste a token: corebank token --role teller"
		}
	}
	if !loopback(r.RemoteAddr) || !loopback(r.Host) || r.Header.Get("Origin") != "http://"+r.Host {
		return "Sign-in links work only on pages of this bank, in a browser on its machine. " +
			"Paste a token: corebank token --role teller"
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return "Send JSON, as application/json."
	}
	return ""
}

// loopback reports whether an address, with or without a port, is a loopback
// address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
