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

// The paths of the admin endpoint. Each is a POST and answers 200 with lines
// of JSON, one AdminLine each, the last of which has Result or Error.
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

// AddAdmin puts the admin endpoint on mux. What it does ends with the request,
// so that a command that is stopped stops its work. It is for programs on this
// machine that have the token; without a token it is for nobody.
func AddAdmin(mux *http.ServeMux, p *Projector, generations view.Generations, token string) {
	handle := func(path string, work func(*http.Request, func(Progress)) (any, error)) {
		mux.Handle("POST "+path, onlyFromHere(onlyWith(token, answering(work))))
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
	handle(pathRebuild, func(r *http.Request, tell func(Progress)) (any, error) {
		return p.Rebuild(r.Context(), generations, tell)
	})
	handle(pathRollback, func(r *http.Request, tell func(Progress)) (any, error) {
		return p.Rollback(r.Context(), generations, tell)
	})
}

// answering streams what work tells, and then what came of it.
func answering(work func(*http.Request, func(Progress)) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// The request has been read: its deadline must not end the work.
		_ = control.SetReadDeadline(time.Time{})
		w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		encoder := json.NewEncoder(w)
		write := func(line AdminLine) {
			// Who is gone is told by the end of the request's context.
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

// onlyFromHere refuses whoever is not a program on this machine: other
// machines, where the health checks listen for them, and web pages.
func onlyFromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !loopback(r.RemoteAddr) || !loopback(r.Host):
			http.Error(w, "this is answered on the projector's own machine only, at a loopback address", http.StatusForbidden)
		case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
			http.Error(w, "this is not for web pages", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// onlyWith refuses whoever has not got the token.
func onlyWith(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, found := strings.CutPrefix(r.Header.Get("Authorization"), bearer)
		switch {
		case token == "":
			http.Error(w, "this projector was started without --admin-token-file, so nobody may ask it", http.StatusForbidden)
		case !found || !app.SameToken(given, token):
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "this is for those who have the projector's admin token", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// bearer stands before the token in a header.
const bearer = "Bearer "

// loopback reports whether host:port is on this machine.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
