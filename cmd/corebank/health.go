package main

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/app"
)

const healthTimeout = 5 * time.Second

func newHealth() *cobra.Command {
	return &cobra.Command{
		Use:     "health URL",
		GroupID: groupParts,
		Short:   "Ask an app whether it is ready, for container health checks",
		Long: `Ask a health endpoint. The exit code is 0 if it answers 200 within five seconds;
otherwise the reason is printed and the exit code is 1. Apps answer /healthz
when they run and /readyz when they can do their work.`,
		Example: `  # In a compose file
  healthcheck:
    test: ["CMD", "/corebank", "health", "http://127.0.0.1:8080/readyz"]`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), healthTimeout)
			defer cancel()
			if err := app.CheckHealth(ctx, arguments[0], http.StatusOK); err != nil {
				return &failure{err}
			}
			return nil
		},
	}
}
