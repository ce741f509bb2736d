package localbank

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
)

const startingTimeout = 5 * time.Second // for a request while the bank starts

// answerStarting answers requests on the API's listener until it is closed for
// the gateway. Without it they would wait in the system's queue, without a word.
func answerStarting(lis net.Listener) {
	server := &http.Server{Handler: http.HandlerFunc(starting), ReadHeaderTimeout: startingTimeout,
		ReadTimeout: startingTimeout, WriteTimeout: startingTimeout}
	server.SetKeepAlivesEnabled(false) // the next request is for the gateway
	go func() { _ = server.Serve(lis) }()
}

func starting(w http.ResponseWriter, r *http.Request) {
	const reason = "the bank is starting"
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	var answer any = contract.Readiness{Reason: reason}
	if !strings.HasPrefix(r.URL.Path, app.HealthPath) && !strings.HasPrefix(r.URL.Path, app.ReadyPath) {
		answer = map[string]any{"errors": []any{map[string]any{"message": reason,
			"extensions": map[string]any{"code": "UNAVAILABLE", "retryable": true}}}}
	}
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone away is no fault
}
