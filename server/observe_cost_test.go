package server

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"corebank/internal/contract"
)

// TestWithoutTracesADepositAllocatesNothingForThem: beyond the id, which every request has, whatever it asks for.
func TestWithoutTracesADepositAllocatesNothingForThem(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	commands, kind := make([]contract.Command, 1), contract.ActorType
	if n := testing.AllocsPerRun(1000, func() {
		_, span := startCall(t.Context(), kind, commands)
		endCall(span, nil)
	}); n != 0 {
		t.Errorf("the call of an actor: %v allocations", n)
	}
	gateway := observed(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	request := func(method, path string) float64 {
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		w := httptest.NewRecorder()
		return testing.AllocsPerRun(1000, func() { gateway.ServeHTTP(w, r) })
	}
	if deposit, page := request(http.MethodPost, endpointPath), request(http.MethodGet, consolePath); deposit > page {
		t.Errorf("a request to %s: %v allocations, %v to a page", endpointPath, deposit, page)
	}
}
