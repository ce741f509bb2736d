package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"corebank/internal/contract"
)

// Bounds of a health check.
const (
	readyTimeout      = 3 * time.Second
	healthReadTimeout = 5 * time.Second
)

// HealthPath and ReadyPath are the paths of AddHealth.
const (
	HealthPath = "/healthz"
	ReadyPath  = "/readyz"
)

// AddHealth adds /healthz (the process answers) and /readyz (the process can do its
// work: 200, or 503 with the reason) to mux.
func AddHealth(mux *http.ServeMux, ready func(context.Context) contract.Readiness) {
	mux.HandleFunc("GET "+HealthPath, func(w http.ResponseWriter, _ *http.Request) {
		writeReadiness(w, contract.Readiness{Ready: true})
	})
	mux.HandleFunc("GET "+ReadyPath, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		writeReadiness(w, ready(ctx))
	})
}

func writeReadiness(w http.ResponseWriter, readiness contract.Readiness) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if !readiness.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// A failure means that the client is gone.
	_ = json.NewEncoder(w).Encode(readiness)
}

// ServeHealth answers health checks on lis until ctx ends. It takes over lis.
func ServeHealth(ctx context.Context, lis net.Listener, ready func(context.Context) contract.Readiness) error {
	mux := http.NewServeMux()
	AddHealth(mux, ready)
	return ServeHTTP(ctx, lis, &http.Server{Handler: mux, ReadTimeout: healthReadTimeout})
}

// shutdownGrace is how long open requests may take to finish at the end.
const shutdownGrace = 3 * time.Second

// ServeHTTP runs an HTTP server on lis until ctx ends, then lets open requests
// finish for a few seconds. It takes over lis.
func ServeHTTP(ctx context.Context, lis net.Listener, srv *http.Server) error {
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(lis) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close() // connections that outlast the grace are cut
	}
	<-ended
	return nil
}

// maxHealthAnswer bounds what is read of an answer, in bytes.
const maxHealthAnswer = 4 << 10

// CheckHealth fails unless the health check at a URL answers with the status. The
// error has the reason that the answer gives.
func CheckHealth(ctx context.Context, url string, want int) error {
	_, err := checkHealth(ctx, url, want)
	return err
}

// CheckServes fails unless the app at a URL does its work, or at least answers
// queries.
func CheckServes(ctx context.Context, url string) error {
	readiness, err := checkHealth(ctx, url, http.StatusOK)
	if readiness.ReadOnly {
		return nil
	}
	return err
}

func checkHealth(ctx context.Context, url string, want int) (readiness contract.Readiness, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return readiness, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return readiness, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxHealthAnswer))
	if err != nil {
		return readiness, fmt.Errorf("%s: %w", url, err)
	}
	if answer.StatusCode == want {
		return readiness, nil
	}
	reason := strings.TrimSpace(string(text))
	if json.Unmarshal(text, &readiness) == nil && readiness.Reason != "" {
		reason = readiness.Reason
	}
	return readiness, fmt.Errorf("%s answers %s: %s", url, answer.Status, reason)
}
