package ledger

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
)

// The paths of the API.
const (
	PathFour   = "/four-statements" // POST Move → Moved
	PathSingle = "/single-statement"
	PathTotals = "/totals" // GET → Totals
)

const maxBody = 64 << 10

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
	status := http.StatusInternalServerError
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value) // a client that left is no fault
		return
	case errors.Is(err, ErrNoAccount):
		status = http.StatusNotFound
	case errors.Is(err, ErrFunds):
		status = http.StatusUnprocessableEntity
	case errors.Is(err, ErrConflict):
		status = http.StatusConflict
	default:
		slog.Error("a request failed", "error", err)
	}
	http.Error(w, err.Error(), status)
}
