package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"corebank/internal/app"
)

// The paths of the API.
const (
	PathFour   = "/four-statements" // POST Move → Moved
	PathSingle = "/single-statement"
	PathTotals = "/totals" // GET → Totals
)

const maxBody = 64 << 10

var refusals = map[error]int{ErrNoAccount: http.StatusNotFound, ErrFunds: http.StatusUnprocessableEntity,
	ErrConflict: http.StatusConflict}

// Handler serves a ledger.
func Handler(l *Ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathTotals, func(w http.ResponseWriter, r *http.Request) {
		totals, err := l.Totals(r.Context())
		answer(w, totals, err)
	})
	mux.HandleFunc("POST "+PathFour, func(w http.ResponseWriter, r *http.Request) {
		move(w, r, func(m Move) (Moved, error) { return l.FourStatements(r.Context(), m) })
	})
	mux.HandleFunc("POST "+PathSingle, func(w http.ResponseWriter, r *http.Request) {
		move(w, r, func(m Move) (Moved, error) { return l.SingleStatement(r.Context(), m) })
	})
	return mux
}

func move(w http.ResponseWriter, r *http.Request, do func(Move) (Moved, error)) {
	var m Move
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&m); err != nil {
		http.Error(w, "want a movement as JSON: "+err.Error(), http.StatusBadRequest)
		return
	}
	if m.Account == "" || m.Key == "" || m.Amount == 0 {
		http.Error(w, "want an account, a key, and an amount that is not 0", http.StatusBadRequest)
		return
	}
	moved, err := do(m)
	answer(w, moved, err)
}

func answer(w http.ResponseWriter, value any, err error) {
	if err == nil {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value) // a client that left is no fault
		return
	}
	for refusal, status := range refusals {
		if errors.Is(err, refusal) {
			http.Error(w, err.Error(), status)
			return
		}
	}
	slog.Error("a request failed", "error", err)
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

// connections to PostgreSQL are enough for commands to share an fsync. Between 8
// and 32, a machine with other work showed no difference above its noise.
const connections = 32

// Serve serves the ledger in a database until ctx ends.
func Serve(ctx context.Context, listen, database string) error {
	opened, err := Open(ctx, database, connections)
	if err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	defer opened.Close()
	lis, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", listen, err)
	}
	return app.ServeHTTP(ctx, lis, &http.Server{
		Handler: Handler(opened), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
	})
}
