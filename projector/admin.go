package projector

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// The paths of the admin endpoint. Each takes a POST and answers 200 with lines
// of JSON. Each line is an AdminLine; the last one has Result or Error.
const (
	pathReplay   = "/admin/replay" // ?account=ID
	pathRebuild  = "/admin/rebuild"
	pathRollback = "/admin/rollback"
)

// AdminLine is one line of an answer.
type AdminLine struct {
	Progress *Progress       `json:"progress,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// Replayed is the result of a replay.
type Replayed struct {
	Account bank.AccountID `json:"account"`
	Version int64          `json:"version"`
}

// AddAdmin adds the admin endpoint to mux. Its work ends with the request, so
// that an operator who stops the command stops the work. It accepts requests
// from programs on this machine that have the token. Without a configured token
// it accepts none.
func AddAdmin(mux *http.ServeMux, p *Projector, generations view.Generations, token string) {
	handle := func(path string, work func(*http.Request, func(Progress)) (any, error)) {
		mux.Handle("POST "+path, requireLoopback(requireToken(token, stream(work))))
	}
	handle(pathReplay, func(r *http.Request, _ func(Progress)) (any, error) {
		id := bank.AccountID(r.URL.Query().Get("account"))
		var account view.Account
		err := p.RetryOnLive(r.Context(), generations, func() (err error) {
			account, err = p.Replay(r.Context(), id)
			return err
		})
		return Replayed{Account: id, Version: account.Version}, err
	})
	handle(pathRebuild, func(r *http.Request, report func(Progress)) (any, error) {
		return p.Rebuild(r.Context(), generations, report)
	})
	handle(pathRollback, func(r *http.Request, report func(Progress)) (any, error) {
		return p.Rollback(r.Context(), generations, report)
	})
}

// stream answers with the progress of work, line by line, and then its result.
func stream(work func(*http.Request, func(Progress)) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// The request is read; its read deadline must not end the work.
		_ = control.SetReadDeadline(time.Time{})
		w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		encoder := json.NewEncoder(w)
		write := func(line AdminLine) {
			// If the client is gone, the end of the request's context says so.
			_ = encoder.Encode(line)
			_ = control.Flush()
		}
		result, err := work(r, func(p Progress) { write(AdminLine{Progress: &p}) })
		if err != nil {
			write(AdminLine{Error: err.Error()})
			return
		}
		text, err := json.Marshal(result)
		if err != nil {
			write(AdminLine{Error: err.Error()})
			return
		}
		write(AdminLine{Result: text})
	}
}

// requireLoopback refuses requests of other machines, which can reach this
// address for health checks, and requests of web pages.
func requireLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !loopback(r.RemoteAddr) || !loopback(r.Host):
			http.Error(w, "this endpoint is available only on the projector's own machine, at a loopback address",
				http.StatusForbidden)
		case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
			http.Error(w, "this endpoint is not available to web pages", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// requireToken refuses requests without the token.
func requireToken(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, found := strings.CutPrefix(r.Header.Get("Authorization"), bearer)
		switch {
		case token == "":
			http.Error(w, "this projector was started without --admin-token-file and accepts no admin requests",
				http.StatusForbidden)
		case !found || !app.SameToken(given, token):
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "this endpoint needs the projector's admin token", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// bearer precedes the token in the header.
const bearer = "Bearer "

// loopback reports whether host:port is an address of this machine.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
