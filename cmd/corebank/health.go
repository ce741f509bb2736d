package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/contract"
)

// Bounds of a health check.
const (
	healthTimeout = 5 * time.Second
	healthAnswer  = 4 << 10 // bytes read of an answer
)

func newHealth() *cobra.Command {
	return &cobra.Command{
		Use:     "health URL",
		GroupID: groupParts,
		Short:   "Ask an app whether it is ready, for container health checks",
		Long: `Ask a health endpoint and exit with 0 if it answers 200 within five seconds;
otherwise print the reason and exit with 1. Apps answer /healthz when they live
and /readyz when they could do their work.`,
		Example: `  # In a compose file
  healthcheck:
    test: ["CMD", "/corebank", "health", "http://127.0.0.1:8080/readyz"]`,
		RunE: func(c *cobra.Command, arguments []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), healthTimeout)
			defer cancel()
			if err := checkHealth(ctx, arguments[0], http.StatusOK); err != nil {
				return &failure{err}
			}
			return nil
		},
	}
}

// checkHealth fails unless the address answers with the wanted status. The
// error has the reason that the answer gives.
func checkHealth(ctx context.Context, address string, want int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, healthAnswer))
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if answer.StatusCode == want {
		return nil
	}
	reason := strings.TrimSpace(string(text))
	var readiness contract.Readiness
	if json.Unmarshal(text, &readiness) == nil && readiness.Reason != "" {
		reason = readiness.Reason
	}
	return fmt.Errorf("%s answers %s: %s", address, answer.Status, reason)
}
