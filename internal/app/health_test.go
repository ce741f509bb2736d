package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"corebank/internal/app"
)

func TestHealthQuotesTheReason(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ready":
			w.WriteHeader(http.StatusOK)
		case "/reason":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"ready":false,"reason":"the vault is open"}`))
		default:
			http.Error(w, "lost", http.StatusNotFound)
		}
	}))
	defer server.Close()
	for path, want := range map[string]string{"/ready": "", "/reason": "the vault is open",
		"/else": "404 Not Found: lost"} {
		err := app.CheckHealth(t.Context(), server.URL+path, http.StatusOK)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
