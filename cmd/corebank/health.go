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
		Args:    oneArgument,
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
